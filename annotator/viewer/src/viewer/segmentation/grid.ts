import type { Bounds } from "../painting/bounds";
import type { Pixel } from "../plane";
import type { FrameSamples } from "./segmenter";

/** A piece of a frame, reduced by a whole factor and smoothed, one plane of values a channel. */
export interface Grid {
  rows: number;
  columns: number;
  factor: number;
  /** The upper left pixel of the frame that it begins with. */
  left: number;
  top: number;
  planes: Float32Array[];
}

/** Cuts out a piece of a frame; each cell is the mean of factor × factor pixels, then smoothed. */
export function gridOf(frame: FrameSamples, piece: Bounds, largest: number): Grid {
  const factor = Math.ceil(Math.max(piece.right - piece.left, piece.bottom - piece.top) / largest);
  const columns = Math.max(1, Math.floor((piece.right - piece.left) / factor));
  const rows = Math.max(1, Math.floor((piece.bottom - piece.top) / factor));
  const { left, top } = piece;
  const planes = Array.from({ length: frame.samples }, (_, channel) => {
    const plane = new Float32Array(rows * columns);
    for (let index = 0; index < plane.length; index += 1) {
      const row = top + Math.floor(index / columns) * factor;
      const column = left + (index % columns) * factor;
      plane[index] = blockMean(frame, row, column, factor, channel);
    }
    return smoothed(plane, rows, columns);
  });
  return { rows, columns, factor, left, top, planes };
}

function blockMean(frame: FrameSamples, row: number, column: number, size: number, channel: number): number {
  const { columns, samples, values } = frame;
  let sum = 0;
  for (let y = row; y < row + size; y += 1) {
    for (let x = column; x < column + size; x += 1) {
      sum += values[(y * columns + x) * samples + channel] as number;
    }
  }
  return sum / (size * size);
}

/** Binomial weights 1 2 1 along rows, then along columns; edges are repeated. */
function smoothed(plane: Float32Array, rows: number, columns: number): Float32Array {
  const along = (values: Float32Array, step: number, count: number, place: (index: number) => number): Float32Array =>
    values.map((value, index) => {
      const at = place(index);
      const before = at > 0 ? (values[index - step] as number) : value;
      const after = at < count - 1 ? (values[index + step] as number) : value;
      return (before + 2 * value + after) / 4;
    });
  const across = along(plane, 1, columns, (index) => index % columns);
  return along(across, columns, rows, (index) => Math.floor(index / columns));
}

/** The cell that a pixel of the frame lies in, or -1 outside. */
export function cellAt(grid: Grid, { column, row }: Pixel): number {
  const x = Math.floor((Math.round(column) - grid.left) / grid.factor);
  const y = Math.floor((Math.round(row) - grid.top) / grid.factor);
  return x >= 0 && y >= 0 && x < grid.columns && y < grid.rows ? y * grid.columns + x : -1;
}

/** The cells within `radius` cells of one. */
export function disc(grid: Grid, cell: number, radius: number): number[] {
  const [row, column] = [Math.floor(cell / grid.columns), cell % grid.columns];
  const cells: number[] = [];
  const reach = Math.floor(radius);
  for (let y = Math.max(0, row - reach); y <= Math.min(grid.rows - 1, row + reach); y += 1) {
    for (let x = Math.max(0, column - reach); x <= Math.min(grid.columns - 1, column + reach); x += 1) {
      if ((y - row) ** 2 + (x - column) ** 2 <= radius * radius) cells.push(y * grid.columns + x);
    }
  }
  return cells;
}

/** Where a grid's shares, read between the middles of its cells, are at least a half: pixels of the frame. */
export function toFrame(grid: Grid, shares: Float32Array, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  const { factor, left, top } = grid;
  const share = (x: number, y: number): number => {
    const [x0, y0] = [clamp(Math.floor(x), grid.columns), clamp(Math.floor(y), grid.rows)];
    const [x1, y1] = [clamp(x0 + 1, grid.columns), clamp(y0 + 1, grid.rows)];
    const [right, down] = [clamp(x, grid.columns) - x0, clamp(y, grid.rows) - y0];
    const at = (row: number, column: number): number => shares[row * grid.columns + column] as number;
    const upper = at(y0, x0) * (1 - right) + at(y0, x1) * right;
    return upper * (1 - down) + (at(y1, x0) * (1 - right) + at(y1, x1) * right) * down;
  };
  for (let row = top; row < top + grid.rows * factor; row += 1) {
    for (let column = left; column < left + grid.columns * factor; column += 1) {
      const isIn = share((column - left + 0.5) / factor - 0.5, (row - top + 0.5) / factor - 0.5) >= 0.5;
      if (isIn) mask[row * columns + column] = 1;
    }
  }
  return mask;
}

function clamp(value: number, size: number): number {
  return Math.min(size - 1, Math.max(0, value));
}
