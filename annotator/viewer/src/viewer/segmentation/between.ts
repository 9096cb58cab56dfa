import { type Bounds, extent, union } from "../painting/bounds";
import { signedDistance } from "./distance";

/** A pixel's neighbours have to lie within the cut-out, so that every mask has an outside. */
const MARGIN = 1;

interface Slice {
  mask: Uint8Array;
  bounds: Bounds;
}

/**
 * The slices between two painted ones, by interpolating the signed distances to their outlines after
 * their middles have been laid over each other, so that an oblique structure goes on through slices
 * in which its ends do not overlap.
 * Source: Raya and Udupa, Shape-based interpolation of multidimensional objects, 1990.
 *
 * @param first 1 where set, row-major, like `last`
 * @param count how many slices lie between
 * @param spacing of rows and of columns
 * @returns the masks between, from the first to the last; empty where either has nothing set
 */
export function slicesBetween(
  first: Uint8Array,
  last: Uint8Array,
  columns: number,
  count: number,
  spacing: readonly [number, number],
): Uint8Array[] {
  const [one, other] = [slice(first, columns), slice(last, columns)];
  if (!one || !other) return [];
  const [from, to] = [middle(one, columns), middle(other, columns)];
  const size = window(one, from, other, to);
  const near = centred(one, from, size, columns);
  const far = centred(other, to, size, columns);
  const side = 2 * size + 1;
  const start = signedDistance(near, side, side, spacing);
  const end = signedDistance(far, side, side, spacing);
  return Array.from({ length: count }, (_, index) => {
    const share = (index + 1) / (count + 1);
    const mask = new Uint8Array(first.length);
    const row = Math.round(from.row + share * (to.row - from.row)) - size;
    const column = Math.round(from.column + share * (to.column - from.column)) - size;
    for (let at = 0; at < start.length; at += 1) {
      const isSet = (1 - share) * (start[at] as number) + share * (end[at] as number) < 0;
      const [y, x] = [row + Math.floor(at / side), column + (at % side)];
      if (isSet && x >= 0 && x < columns && y >= 0 && y * columns + x < mask.length) mask[y * columns + x] = 1;
    }
    return mask;
  });
}

function slice(mask: Uint8Array, columns: number): Slice | null {
  const bounds = extent(mask, columns);
  return bounds && { mask, bounds };
}

/** The centre of mass, on whole pixels. */
function middle({ mask, bounds }: Slice, columns: number): { row: number; column: number } {
  let [count, rowSum, columnSum] = [0, 0, 0];
  for (let row = bounds.top; row < bounds.bottom; row += 1) {
    for (let column = bounds.left; column < bounds.right; column += 1) {
      if (!mask[row * columns + column]) continue;
      count += 1;
      rowSum += row;
      columnSum += column;
    }
  }
  return { row: Math.round(rowSum / count), column: Math.round(columnSum / count) };
}

type Middle = ReturnType<typeof middle>;

/** Half the side of a square about either middle that holds both shapes. */
function window(one: Slice, from: Middle, other: Slice, to: Middle): number {
  const relative = [[one.bounds, from], [other.bounds, to]] as const;
  const both = relative
    .map(([{ left, top, right, bottom }, { row, column }]) => ({
      left: left - column, top: top - row, right: right - column, bottom: bottom - row,
    }))
    .reduce<Bounds | null>(union, null) as Bounds;
  return Math.max(-both.left, -both.top, both.right, both.bottom) + MARGIN;
}

function centred({ mask, bounds }: Slice, about: Middle, size: number, columns: number): Uint8Array {
  const side = 2 * size + 1;
  const cut = new Uint8Array(side * side);
  for (let row = bounds.top; row < bounds.bottom; row += 1) {
    const start = row * columns;
    const to = (row - about.row + size) * side + (bounds.left - about.column + size);
    cut.set(mask.subarray(start + bounds.left, start + bounds.right), to);
  }
  return cut;
}
