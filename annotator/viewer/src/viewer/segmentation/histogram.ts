import type { Grid } from "./grid";

const BINS = 48;
/** Of the binomial smoothing below, over and over: values that were not met are likely beside those that were. */
const SMOOTHINGS = 3;
const FLOOR = 1e-3;

/** The bin of every cell's value, one array a channel: equal steps from the 1st to the 99th percentile. */
export function binned({ planes }: Grid): Uint8Array[] {
  return planes.map((plane) => {
    const sorted = plane.slice().sort();
    const low = sorted[Math.floor(sorted.length * 0.01)] as number;
    const high = sorted[Math.ceil(sorted.length * 0.99) - 1] as number;
    const scale = BINS / Math.max(high - low, Number.EPSILON);
    return Uint8Array.from(plane, (value) => Math.min(BINS - 1, Math.max(0, Math.floor((value - low) * scale))));
  });
}

/** How likely each bin is, given the cells with their weights. */
function likelihood(bins: Uint8Array, weights: Float32Array): Float64Array {
  let counts = new Float64Array(BINS);
  for (let index = 0; index < bins.length; index += 1) counts[bins[index] as number]! += weights[index] as number;
  for (let round = 0; round < SMOOTHINGS; round += 1) {
    counts = counts.map((count, bin) => {
      const before = counts[bin - 1] ?? count;
      const after = counts[bin + 1] ?? count;
      return (before + 2 * count + after) / 4;
    });
  }
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  return counts.map((count) => count / total + FLOOR / BINS);
}

/**
 * The share of the structure in the likelihood of each cell's value: p(v | in) / (p(v | in) + p(v | out)),
 * channels taken as independent.
 *
 * @param inside weight of each cell as an example of the structure; `outside` likewise
 */
export function structureShare(
  bins: readonly Uint8Array[],
  inside: Float32Array,
  outside: Float32Array,
): Float32Array {
  const ratios = bins.map((channel) => {
    const within = likelihood(channel, inside);
    const without = likelihood(channel, outside);
    return within.map((share, bin) => Math.log(share / (without[bin] as number)));
  });
  return inside.map((_, index) => {
    let sum = 0;
    for (const [channel, ratio] of ratios.entries()) sum += ratio[bins[channel]?.[index] ?? 0] ?? 0;
    return 1 / (1 + Math.exp(-sum));
  });
}
