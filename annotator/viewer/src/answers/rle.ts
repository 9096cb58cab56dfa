/**
 * Run-length coding of brush masks as Label Studio stores them: @thi.ng/rle-pack over the bytes of
 * an RGBA image whose four channels are all 255 where the mask is set and 0 elsewhere.
 * Bit stream: length (32), word size - 1 (5), four run sizes - 1 (4 each), then runs: a bit that
 * says "repeated", the index of the run size (2), run length - 1 (run size), the value or values.
 * Source: github.com/thi-ng/umbrella/tree/develop/packages/rle-pack
 */

import { t } from "../i18n";

const CHANNELS = 4;
const WORD_BITS = 8;
const RUN_BITS = [3, 4, 8, 16] as const;
const LONGEST_RUN = 1 << 16;

class BitWriter {
  private readonly bytes: number[] = [];
  private used = 0;
  private current = 0;

  write(value: number, bits: number): void {
    for (let left = bits; left > 0; ) {
      const taken = Math.min(left, 8 - this.used);
      left -= taken;
      // Division, not a shift: the length header has 32 bits and JavaScript's shifts are signed.
      const part = Math.floor(value / 2 ** left) % 2 ** taken;
      this.current = (this.current << taken) | part;
      this.used += taken;
      if (this.used === 8) {
        this.bytes.push(this.current);
        this.used = 0;
        this.current = 0;
      }
    }
  }

  finish(): number[] {
    if (this.used > 0) this.bytes.push(this.current << (8 - this.used));
    return this.bytes;
  }
}

class BitReader {
  private at = 0;
  constructor(private readonly bytes: ArrayLike<number>) {}

  read(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; ) {
      const byte = this.bytes[this.at >> 3];
      if (byte === undefined) throw new RangeError(t("The mask's run-length code ends too early."));
      const unread = 8 - (this.at & 7);
      const taken = Math.min(left, unread);
      value = value * 2 ** taken + ((byte >> (unread - taken)) & ((1 << taken) - 1));
      this.at += taken;
      left -= taken;
    }
    return value;
  }
}

/** Pixels of a label map from `from` to `to`, the end exclusive. */
interface Stretch {
  from: number;
  to: number;
}

/**
 * Codes where `pixels` equals `value`. `within`: nothing outside holds the value, and is not looked
 * at, which makes a lesion on a large frame quick. Returns the bytes of the code.
 */
export function encodeMask(
  pixels: Uint8Array,
  value = 1,
  within: Stretch = { from: 0, to: pixels.length },
): number[] {
  const writer = new BitWriter();
  writer.write(pixels.length * CHANNELS, 32);
  writer.write(WORD_BITS - 1, 5);
  for (const bits of RUN_BITS) writer.write(bits - 1, 4);
  const next = (at: number): number => {
    const found = pixels.indexOf(value, at);
    return found < 0 || found >= within.to ? pixels.length : found;
  };
  let end = 0;
  for (let start = next(within.from); start < pixels.length; start = next(end)) {
    writeRun(writer, (start - end) * CHANNELS, 0);
    end = start + 1;
    while (end < within.to && pixels[end] === value) end += 1;
    writeRun(writer, (end - start) * CHANNELS, 255);
    if (end >= within.to) break;
  }
  writeRun(writer, (pixels.length - end) * CHANNELS, 0);
  return writer.finish();
}

function writeRun(writer: BitWriter, length: number, value: number): void {
  for (let left = length; left > 0; left -= LONGEST_RUN) {
    const run = Math.min(left, LONGEST_RUN);
    const size = RUN_BITS.findIndex((bits) => run <= 2 ** bits);
    writer.write(1, 1);
    writer.write(size, 2);
    writer.write(run - 1, RUN_BITS[size] ?? 16);
    writer.write(value, WORD_BITS);
  }
}

/**
 * Tells of every run of pixels whose alpha channel is not 0, its end exclusive; neighbouring runs may
 * touch. Takes any rle-pack code of RGBA.
 */
export function readRuns(code: ArrayLike<number>, tell: (from: number, to: number) => void): void {
  const reader = new BitReader(code);
  const length = reader.read(32);
  const wordBits = reader.read(5) + 1;
  const runBits = RUN_BITS.map(() => reader.read(4) + 1);
  for (let index = 0; index < length; ) {
    const isRepeated = reader.read(1) === 1;
    const end = index + 1 + reader.read(runBits[reader.read(2)] ?? 0);
    if (isRepeated) {
      // Of pixel p, alpha is byte 4p + 3.
      if (reader.read(wordBits) !== 0) tell(index >> 2, end >> 2);
      index = end;
    } else {
      for (; index < end; index += 1) {
        if (reader.read(wordBits) !== 0 && (index & 3) === 3) tell(index >> 2, (index >> 2) + 1);
      }
    }
  }
}

/** How many pixels the masked frame has. */
export function frameSize(code: ArrayLike<number>): number {
  return new BitReader(code).read(32) / CHANNELS;
}

/** Returns one byte a pixel: 1 where the alpha channel is not 0. */
export function decodeMask(code: ArrayLike<number>): Uint8Array {
  const mask = new Uint8Array(frameSize(code));
  readRuns(code, (from, to) => mask.fill(1, from, to));
  return mask;
}

/** How many pixels are set, without decoding them one by one. */
export function countMask(code: ArrayLike<number>): number {
  let count = 0;
  readRuns(code, (from, to) => (count += to - from));
  return count;
}
