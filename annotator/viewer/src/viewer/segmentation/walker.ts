import type { Grid } from "./grid";

/** Mean square of what is left over, a cell. */
const ENOUGH = 1e-8;
const MOST_STEPS = 200;
/** Of an edge across which values jump: never quite 0, so that every cell is tied to its neighbours. */
const LEAST_WEIGHT = 1e-4;

/** Edges of the grid: the weight to the right neighbour and to the lower one; 0 past the border. */
interface Weights {
  right: Float32Array;
  down: Float32Array;
}

/** exp(-d² / 2s²), d: the difference of two neighbours over all channels, s²: the mean of d². */
export function edgeWeights({ rows, columns, planes }: Grid): Weights {
  const size = rows * columns;
  const right = new Float32Array(size);
  const down = new Float32Array(size);
  let sum = 0;
  for (let index = 0; index < size; index += 1) {
    for (const plane of planes) {
      const value = plane[index] as number;
      if (index % columns < columns - 1) right[index]! += ((plane[index + 1] as number) - value) ** 2;
      if (index + columns < size) down[index]! += ((plane[index + columns] as number) - value) ** 2;
    }
    sum += (right[index] as number) + (down[index] as number);
  }
  const spread = Math.max(sum / (2 * size), Number.EPSILON);
  const weight = (squared: number): number => Math.exp(-squared / (2 * spread)) + LEAST_WEIGHT;
  for (let index = 0; index < size; index += 1) {
    right[index] = index % columns < columns - 1 ? weight(right[index] as number) : 0;
    down[index] = index + columns < size ? weight(down[index] as number) : 0;
  }
  return { right, down };
}

/**
 * The chance of each cell that a random walker from it, who stops at seeds or, now and then, where the cell's
 * own value lets him, stops in the structure: (L + g I) x = g p with x fixed at the seeds, by
 * conjugate gradients with a diagonal preconditioner.
 * Source: Grady, Multilabel random walker image segmentation using prior models, CVPR 2005.
 *
 * @param seeds 1: in the structure, 0: outside, -1: to be found
 * @param prior the structure's share in the likelihood of each cell's value, 0 to 1
 * @param start what to begin from
 * @param strength of a cell's own value beside an edge between equal neighbours, above 0
 */
export function walk(
  { rows, columns }: Pick<Grid, "rows" | "columns">,
  { right, down }: Weights,
  seeds: Int8Array,
  prior: Float32Array,
  start: Float32Array,
  strength: number,
): Float32Array {
  const size = rows * columns;
  const degree = new Float64Array(size);
  for (let index = 0; index < size; index += 1) {
    degree[index] = strength + (right[index] as number) + (down[index] as number) +
      (index % columns > 0 ? (right[index - 1] as number) : 0) +
      (index >= columns ? (down[index - columns] as number) : 0);
  }
  /** The row sums of the neighbours' values, weighted. */
  const neighbours = (values: Float64Array, index: number): number => {
    let sum = 0;
    if (right[index]) sum += (right[index] as number) * (values[index + 1] as number);
    if (down[index]) sum += (down[index] as number) * (values[index + columns] as number);
    if (index % columns > 0) sum += (right[index - 1] as number) * (values[index - 1] as number);
    if (index >= columns) sum += (down[index - columns] as number) * (values[index - columns] as number);
    return sum;
  };
  const shares = Float64Array.from(start, (share, index) => (seeds[index] === -1 ? share : (seeds[index] as number)));
  const residual = new Float64Array(size);
  for (let index = 0; index < size; index += 1) {
    if (seeds[index] !== -1) continue;
    residual[index] = strength * (prior[index] as number) + neighbours(shares, index) - (degree[index] as number) * (shares[index] as number);
  }
  descend(shares, residual, degree, seeds, neighbours);
  return Float32Array.from(shares);
}

/** Conjugate gradients from `shares`, whose residual is given; both are changed in place. */
function descend(
  shares: Float64Array,
  residual: Float64Array,
  degree: Float64Array,
  seeds: Int8Array,
  neighbours: (values: Float64Array, index: number) => number,
): void {
  const size = shares.length;
  const direction = residual.map((value, index) => value / (degree[index] as number));
  const image = new Float64Array(size);
  let energy = residual.reduce((sum, value, index) => sum + value * (direction[index] as number), 0);
  for (let step = 0; step < MOST_STEPS && energy > ENOUGH * size; step += 1) {
    let curvature = 0;
    for (let index = 0; index < size; index += 1) {
      if (seeds[index] !== -1) continue;
      const along = direction[index] as number;
      const value = (degree[index] as number) * along - neighbours(direction, index);
      image[index] = value;
      curvature += along * value;
    }
    const length = energy / curvature;
    let next = 0;
    for (let index = 0; index < size; index += 1) {
      if (seeds[index] !== -1) continue;
      shares[index]! += length * (direction[index] as number);
      residual[index]! -= length * (image[index] as number);
      next += (residual[index] as number) ** 2 / (degree[index] as number);
    }
    const share = next / energy;
    energy = next;
    for (let index = 0; index < size; index += 1) {
      if (seeds[index] !== -1) continue;
      direction[index] = (residual[index] as number) / (degree[index] as number) + share * (direction[index] as number);
    }
  }
}
