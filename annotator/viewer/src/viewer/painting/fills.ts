import type { RegionLabel } from "../labels";
import { slicesBetween } from "../segmentation/between";
import { withoutHoles } from "../segmentation/parts";
import { extent, widened } from "./bounds";
import type { Layer } from "./layer";
import type { Layers } from "./layers";

/**
 * The empty slices about one: between the painted ones before and after it or, on a painted slice, those to
 * the nearest painted one past them. `first` and `last` are the painted ends.
 */
function gapAbout(painted: readonly boolean[], at: number): { first: number; last: number } | null {
  const gaps: { first: number; last: number }[] = [];
  let first = -1;
  for (const [place, isPainted] of painted.entries()) {
    if (!isPainted) continue;
    if (first >= 0 && place > first + 1) gaps.push({ first, last: place });
    first = place;
  }
  const around = gaps.find((gap) => gap.first < at && at < gap.last);
  if (around || !painted[at]) return around ?? null;
  const before = gaps.findLast(({ last }) => last <= at && isRun(painted, last, at));
  const after = gaps.find((gap) => gap.first >= at && isRun(painted, at, gap.first));
  if (!before || !after) return before ?? after ?? null;
  return before.last - before.first <= after.last - after.first ? before : after;
}

function isRun(painted: readonly boolean[], from: number, to: number): boolean {
  return painted.slice(from, to + 1).every(Boolean);
}

/**
 * Paints the slices of the gap about a place by interpolating between its painted ends.
 *
 * @param items the scan's frames as the task counts them, in the order of reading
 * @param spacing of rows and of columns
 * @returns false where there is no gap
 */
export function fillBetween(
  layers: Layers,
  label: RegionLabel,
  items: readonly number[],
  at: number,
  spacing: readonly [number, number],
): boolean {
  const painted = new Set(layers.painted(label));
  const gap = gapAbout(items.map((item) => painted.has(item)), at);
  const ends = gap && [gap.first, gap.last].map((place) => layers.at(items[place] as number, label.question));
  const [first, last] = ends ?? [];
  if (!gap || !first || !last) return false;
  const masks = slicesBetween(
    first.maskOf(label.segment), last.maskOf(label.segment), first.columns, gap.last - gap.first - 1, spacing,
  );
  for (const [index, mask] of masks.entries()) {
    const layer = layers.at(items[gap.first + 1 + index] as number, label.question);
    if (layer) fill(layer, label.segment, mask);
  }
  return true;
}

/** Fills what a label encloses on one frame; false where it is not painted there. */
export function fillHoles(layer: Layer, segment: number): boolean {
  const { rows, columns } = layer;
  const mask = layer.maskOf(segment);
  const tight = extent(mask, columns);
  if (!tight) return false;
  const { left, top, right, bottom } = widened(tight, 1, rows, columns);
  const width = right - left;
  const cut = new Uint8Array(width * (bottom - top));
  for (let row = top; row < bottom; row += 1) {
    cut.set(mask.subarray(row * columns + left, row * columns + right), (row - top) * width);
  }
  const filled = withoutHoles(cut, width);
  for (let row = top; row < bottom; row += 1) {
    mask.set(filled.subarray((row - top) * width, (row - top + 1) * width), row * columns + left);
  }
  fill(layer, segment, mask);
  return true;
}

/** Paints a mask where no other label of the question is: those were painted by hand. */
export function fill(layer: Layer, segment: number, mask: Uint8Array): void {
  const bounds = extent(mask, layer.columns);
  if (!bounds) return;
  const { columns, pixels } = layer;
  for (let index = bounds.top * columns; index < bounds.bottom * columns; index += 1) {
    if (mask[index] && pixels[index] === 0) pixels[index] = segment;
  }
  layer.touch(bounds);
}
