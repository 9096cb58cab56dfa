import type { Pixel } from "../plane";
import type { Bounds } from "./bounds";

/** The brush on a frame, in pixels: a circle in mm is an ellipse where pixels are not square. */
export interface Radius {
  columns: number;
  rows: number;
}

/**
 * Every pixel whose centre lies within the brush, drawn from one point to another; the pixel under the
 * brush's middle always. Returns the rectangle that was looked at, null where it misses the frame.
 *
 * @param visit told the index of each pixel, row-major
 */
export function sweep(
  rows: number,
  columns: number,
  from: Pixel,
  to: Pixel,
  radius: Radius,
  visit: (index: number) => void,
): Bounds | null {
  const bounds = {
    left: Math.max(0, Math.floor(Math.min(from.column, to.column) - radius.columns)),
    top: Math.max(0, Math.floor(Math.min(from.row, to.row) - radius.rows)),
    right: Math.min(columns, Math.ceil(Math.max(from.column, to.column) + radius.columns) + 1),
    bottom: Math.min(rows, Math.ceil(Math.max(from.row, to.row) + radius.rows) + 1),
  };
  if (bounds.left >= bounds.right || bounds.top >= bounds.bottom) return null;
  const isUnder = nearSegment(from, to, radius);
  const middle = { column: Math.round(to.column), row: Math.round(to.row) };
  for (let row = bounds.top; row < bounds.bottom; row += 1) {
    for (let column = bounds.left; column < bounds.right; column += 1) {
      const isMiddle = column === middle.column && row === middle.row;
      if (isMiddle || isUnder(column, row)) visit(row * columns + column);
    }
  }
  return bounds;
}

/** Whether a pixel's distance from the segment, in radii, is at most 1. */
function nearSegment(from: Pixel, to: Pixel, radius: Radius): (column: number, row: number) => boolean {
  const across = (to.column - from.column) / radius.columns;
  const down = (to.row - from.row) / radius.rows;
  const length = across * across + down * down;
  return (column, row) => {
    const x = (column - from.column) / radius.columns;
    const y = (row - from.row) / radius.rows;
    const share = length === 0 ? 0 : Math.min(1, Math.max(0, (x * across + y * down) / length));
    return (x - share * across) ** 2 + (y - share * down) ** 2 <= 1;
  };
}
