import { t } from "../i18n";
import type { Geometry, SampleType } from "../types";

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Float32Array;
/** What a texture takes. */
export type ShownSamples = Uint8Array | Uint16Array | Int16Array | Float32Array;

const ARRAYS: Record<SampleType, { new (buffer: ArrayBuffer): Samples; BYTES_PER_ELEMENT: number }> = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  float32: Float32Array,
};

/** Stored samples of one frame, row-major, little-endian, colour interleaved. */
export function storedSamples(bytes: ArrayBuffer, geometry: Geometry): Samples {
  const array = ARRAYS[geometry.dtype];
  const expected = geometry.rows * geometry.columns * geometry.samples * array.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new RangeError(t("A frame has {bytes} bytes; {expected} were expected.", { bytes: bytes.byteLength, expected }));
  }
  return new array(bytes);
}

/**
 * The frame in modality units, exact: the narrowest array that holds every value that the header's
 * range allows, so that windowing happens on native values and CT stays at two bytes a pixel.
 */
export function modalityValues(stored: Samples, geometry: Geometry): ShownSamples {
  const { slope, intercept } = geometry;
  const isPlain = slope === 1 && intercept === 0;
  if (isPlain && !(stored instanceof Int8Array)) return stored;
  const ends = [geometry.smallest * slope + intercept, geometry.largest * slope + intercept];
  const values = emptyArray(stored, Math.min(...ends), Math.max(...ends), geometry);
  for (let index = 0; index < stored.length; index += 1) {
    values[index] = (stored[index] as number) * slope + intercept;
  }
  return values;
}

function emptyArray(
  stored: Samples,
  low: number,
  high: number,
  { slope, intercept }: Geometry,
): ShownSamples {
  const isWhole =
    !(stored instanceof Float32Array) && Number.isInteger(slope) && Number.isInteger(intercept);
  if (isWhole && low >= -32768 && high <= 32767) return new Int16Array(stored.length);
  if (isWhole && low >= 0 && high <= 65535) return new Uint16Array(stored.length);
  return new Float32Array(stored.length);
}

export function valueRange(values: ShownSamples): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}
