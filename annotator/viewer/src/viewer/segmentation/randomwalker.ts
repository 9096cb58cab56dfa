import { type Bounds, widened } from "../painting/bounds";
import type { Pixel } from "../plane";
import { cellAt, disc, type Grid, gridOf, toFrame } from "./grid";
import { binned, structureShare } from "./histogram";
import { partsAt, withoutHoles } from "./parts";
import type { FrameSamples, Prompts, Segmenter } from "./segmenter";
import { edgeWeights, walk } from "./walker";

/** Cells along a side: of the proposal, and of the trials that find a clicked structure's size. */
const FINE = 192;
const COARSE = 64;
/** The values of structure and surroundings are learned again from each round's answer. */
const ROUNDS = 3;
/** Half the side of the first piece that is tried about a click, pixels; each next is larger. */
const FIRST_REACH = 10;
const GROWTH = 1.6;
/**
 * How strongly a cell's own value counts. Where the reader has taken something away, values alone did
 * not tell it from the structure: then narrow places between what is in and what is out count more.
 */
const BY_VALUE = 0.05;
const BY_PLACE = 0.0005;
/** A larger piece has to set the structure off that much better to be taken. */
const CLEARLY = 1.25;

interface Answer {
  grid: Grid;
  /** The chance of each cell, 0 where the cell is not part of the structure. */
  shares: Float32Array;
}

/** Outlines a structure from a box or clicks alone: a random walker with learned values, no weights. */
export class RandomWalkerSegmenter implements Segmenter {
  propose(frame: FrameSamples, prompts: Prompts): Promise<Uint8Array> {
    const piece = prompts.box ? around(prompts.box, frame) : pieceAbout(frame, prompts);
    const { grid, shares } = answer(frame, prompts, piece, FINE);
    return Promise.resolve(toFrame(grid, shares, frame.rows, frame.columns));
  }
}

/** A box with a rim about it, in which nothing belongs to the structure. */
function around(box: Bounds, { rows, columns }: FrameSamples): Bounds {
  const size = Math.max(box.right - box.left, box.bottom - box.top);
  return widened(box, Math.ceil(size / 5) + 2, rows, columns);
}

/** The piece about the clicks in which the structure stands out best; of equals, the smallest. */
function pieceAbout(frame: FrameSamples, prompts: Prompts): Bounds {
  const across = prompts.include.map(({ column }) => Math.round(column));
  const down = prompts.include.map(({ row }) => Math.round(row));
  const clicks = {
    left: Math.min(...across), right: Math.max(...across) + 1, top: Math.min(...down), bottom: Math.max(...down) + 1,
  };
  const largest = Math.max(frame.rows, frame.columns) / 2;
  let best = { piece: widened(clicks, FIRST_REACH, frame.rows, frame.columns), contrast: -1 };
  for (let reach = FIRST_REACH; reach <= largest; reach *= GROWTH) {
    const piece = widened(clicks, Math.round(reach), frame.rows, frame.columns);
    const contrast = outlineContrast(answer(frame, prompts, piece, COARSE));
    if (contrast > best.contrast * CLEARLY) best = { piece, contrast };
  }
  return best.piece;
}

function answer(frame: FrameSamples, prompts: Prompts, piece: Bounds, largest: number): Answer {
  const grid = gridOf(frame, piece, largest);
  const seeds = seedsOf(grid, prompts);
  const bins = binned(grid);
  const weights = edgeWeights(grid);
  const wanted = cells(grid, prompts.include);
  const strength = prompts.exclude.length > 0 ? BY_PLACE : BY_VALUE;
  let { inside, outside } = examples(grid, prompts, seeds);
  let shares = new Float32Array(seeds.length).fill(0.5);
  for (let round = 0; round < ROUNDS; round += 1) {
    shares = Float32Array.from(walk(grid, weights, seeds, structureShare(bins, inside, outside), shares, strength));
    const part = structure(grid, shares, wanted);
    inside = Float32Array.from(part);
    outside = inside.map((value) => 1 - value);
  }
  const part = structure(grid, shares, wanted);
  return { grid, shares: shares.map((share, index) => (part[index] ? Math.max(share, 0.5) : Math.min(share, 0.49))) };
}

function structure(grid: Grid, shares: Float32Array, wanted: readonly number[]): Uint8Array {
  const mask = Uint8Array.from(shares, (share) => Number(share >= 0.5));
  return withoutHoles(partsAt(mask, grid.columns, wanted), grid.columns);
}

function cells(grid: Grid, pixels: readonly Pixel[]): number[] {
  return pixels.map((pixel) => cellAt(grid, pixel)).filter((cell) => cell >= 0);
}

/** Known beforehand: the clicks, the outside of the box, and without one the rim of the piece. */
function seedsOf(grid: Grid, { box, include, exclude }: Prompts): Int8Array {
  const { rows, columns, factor, left, top } = grid;
  const middle = (factor - 1) / 2;
  const seeds = new Int8Array(rows * columns).fill(-1);
  for (let index = 0; index < seeds.length; index += 1) {
    const [y, x] = [Math.floor(index / columns), index % columns];
    const pixel = { row: top + y * factor + middle, column: left + x * factor + middle };
    if (box ? !isWithin(box, pixel) : isRim(y, x, rows - 1, columns - 1)) seeds[index] = 0;
  }
  const sow = (pixels: readonly Pixel[], radius: number, value: 0 | 1): void => {
    for (const cell of cells(grid, pixels)) for (const near of disc(grid, cell, radius)) seeds[near] = value;
  };
  if (box && include.length === 0) sow([middleOf(box)], shorterSide(box) / factor / 20, 1);
  sow(include, 1, 1);
  sow(exclude, 1, 0);
  return seeds;
}

function isWithin(box: Bounds, { row, column }: Pixel): boolean {
  return row >= box.top && row < box.bottom && column >= box.left && column < box.right;
}

function isRim(row: number, column: number, lastRow: number, lastColumn: number): boolean {
  return row === 0 || column === 0 || row === lastRow || column === lastColumn;
}

function middleOf(box: Bounds): Pixel {
  return { column: (box.left + box.right - 1) / 2, row: (box.top + box.bottom - 1) / 2 };
}

function shorterSide({ left, top, right, bottom }: Bounds): number {
  return Math.min(right - left, bottom - top);
}

/** The first examples of structure and surroundings: about the clicks or the box's middle, and the seeds. */
function examples(
  grid: Grid,
  { box, include }: Prompts,
  seeds: Int8Array,
): { inside: Float32Array; outside: Float32Array } {
  const inside = new Float32Array(seeds.length);
  const size = box ? shorterSide(box) / grid.factor : Math.min(grid.rows, grid.columns);
  const about = include.length > 0 ? include : box ? [middleOf(box)] : [];
  const reach = include.length > 0 ? size / 16 : size / 4;
  for (const cell of cells(grid, about)) for (const near of disc(grid, cell, Math.max(1, reach))) inside[near] = 1;
  const outside = Float32Array.from(seeds, (seed) => Number(seed === 0));
  return { inside, outside };
}

/**
 * How far the values just inside the outline lie from those just outside, along the part of the
 * outline that does not run along the piece's rim; less, the more of it does.
 */
function outlineContrast({ grid, shares }: Answer): number {
  const { rows, columns, planes } = grid;
  let [difference, count, free] = [0, 0, 0];
  const compare = (one: number, other: number, isRimmed: boolean): void => {
    if ((shares[one] as number) >= 0.5 === (shares[other] as number) >= 0.5) return;
    count += 1;
    if (isRimmed) return;
    free += 1;
    const sign = (shares[one] as number) >= 0.5 ? 1 : -1;
    for (const plane of planes) difference += sign * ((plane[one] as number) - (plane[other] as number));
  };
  for (let row = 1; row < rows - 2; row += 1) {
    for (let column = 1; column < columns - 2; column += 1) {
      const index = row * columns + column;
      const isRimmed = isRim(row - 1, column - 1, rows - 4, columns - 4);
      // Two cells apart: smoothing has spread the step.
      compare(index, index + 2, isRimmed);
      compare(index, index + 2 * columns, isRimmed);
    }
  }
  return free === 0 ? 0 : (Math.abs(difference) / free) * (free / count) ** 2;
}
