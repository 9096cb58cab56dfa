import type { FrameTransform } from "./plane";
import type { FrameSamples } from "./segmentation/segmenter";
import type { Range } from "./windows";

/** How values become greys and colours. */
export interface Look {
  /** The values shown black and white. */
  range: Range;
  inverted: boolean;
  /** Between pixels, values are interpolated; else each pixel is seen as a square. */
  smooth: boolean;
}

/** Where the pixels of one line of the screen lie in the frame's values. */
interface Axis {
  /** The pixels of the screen from `first` to before `end` lie on the frame. */
  first: number;
  end: number;
  /** Of the two samples on either side, as places in the values, and the share of the second. */
  before: Int32Array;
  after: Int32Array;
  share: Float32Array;
}

const BLACK = 0xff000000;

/**
 * Draws a frame as the graphics card does: each pixel of the screen takes the value at its centre,
 * interpolated between the four samples about it, and then its grey through the window.
 *
 * `at` takes the frame's pixels to those of the target, upright or in quarter turns. Everything beside
 * the frame is black.
 */
export function drawFrame(target: ImageData, frame: FrameSamples, at: FrameTransform, look: Look): void {
  const { rows, columns, samples } = frame;
  const { width, height } = target;
  const pixels = new Uint32Array(target.data.buffer);
  pixels.fill(BLACK);
  const row = columns * samples;
  // Turned by a quarter, a line of the screen goes along a column of the frame.
  const isTurned = Math.abs(at.b) > Math.abs(at.a);
  const across = isTurned ? axis(width, at.c, at.e, rows, row) : axis(width, at.a, at.e, columns, samples);
  const down = isTurned ? axis(height, at.b, at.f, columns, samples) : axis(height, at.d, at.f, rows, row);
  if (!look.smooth) for (const one of [across, down]) toNearest(one);
  if (samples === 3) drawColours(pixels, width, frame, across, down, look);
  else drawGreys(pixels, width, frame, across, down, look);
}

/** The pixels of a line, where the frame's sample n lies at `scale` n + `start`; samples are `stride` apart. */
function axis(length: number, scale: number, start: number, count: number, stride: number): Axis {
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const share = new Float32Array(length);
  let [first, end] = [length, 0];
  for (let pixel = 0; pixel < length; pixel += 1) {
    const place = (pixel + 0.5 - start) / scale;
    if (place < -0.5 || place >= count - 0.5) continue;
    first = Math.min(first, pixel);
    end = pixel + 1;
    const inside = Math.max(0, Math.min(count - 1, place));
    const low = Math.floor(inside);
    before[pixel] = low * stride;
    after[pixel] = Math.min(count - 1, low + 1) * stride;
    share[pixel] = inside - low;
  }
  return { first, end, before, after, share };
}

function toNearest({ first, end, before, after, share }: Axis): void {
  for (let pixel = first; pixel < end; pixel += 1) {
    if ((share[pixel] as number) >= 0.5) before[pixel] = after[pixel] as number;
    share[pixel] = 0;
  }
}

function drawGreys(
  pixels: Uint32Array,
  width: number,
  { values }: FrameSamples,
  across: Axis,
  down: Axis,
  look: Look,
): void {
  const greys = Uint32Array.from({ length: 256 }, (_, grey) => BLACK + grey * 0x010101);
  if (look.inverted) greys.reverse();
  const { lower, upper } = look.range;
  const scale = 255 / (upper - lower);
  const { first, end, before, after, share } = across;
  for (let y = down.first; y < down.end; y += 1) {
    const above = down.before[y] as number;
    const below = down.after[y] as number;
    const lowerShare = down.share[y] as number;
    for (let x = first, to = y * width + first; x < end; x += 1, to += 1) {
      const left = before[x] as number;
      const right = after[x] as number;
      const rightShare = share[x] as number;
      const one = values[above + left] as number;
      const other = values[below + left] as number;
      const top = one + ((values[above + right] as number) - one) * rightShare;
      const bottom = other + ((values[below + right] as number) - other) * rightShare;
      const grey = (top + (bottom - top) * lowerShare - lower) * scale;
      // NaN, where nothing was measured, is black.
      pixels[to] = greys[grey > 0 ? (grey < 255 ? (grey + 0.5) | 0 : 255) : 0] as number;
    }
  }
}

function drawColours(
  pixels: Uint32Array,
  width: number,
  { values }: FrameSamples,
  across: Axis,
  down: Axis,
  look: Look,
): void {
  const { lower, upper } = look.range;
  const scale = 255 / (upper - lower);
  const flip = look.inverted ? 255 : 0;
  const bytes = new Uint8ClampedArray(pixels.buffer);
  for (let y = down.first; y < down.end; y += 1) {
    const above = down.before[y] as number;
    const below = down.after[y] as number;
    const lowerShare = down.share[y] as number;
    for (let x = across.first, to = 4 * (y * width + across.first); x < across.end; x += 1, to += 4) {
      const left = across.before[x] as number;
      const right = across.after[x] as number;
      const rightShare = across.share[x] as number;
      for (let channel = 0; channel < 3; channel += 1) {
        const one = values[above + left + channel] as number;
        const other = values[below + left + channel] as number;
        const top = one + ((values[above + right + channel] as number) - one) * rightShare;
        const bottom = other + ((values[below + right + channel] as number) - other) * rightShare;
        const value = (top + (bottom - top) * lowerShare - lower) * scale;
        bytes[to + channel] = Math.abs(flip - Math.min(255, Math.max(0, value)));
      }
    }
  }
}
