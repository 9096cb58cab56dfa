import { encodeMask, frameSize, readRuns } from "../../answers/rle";
import { type Mask, newId } from "../../answers/sheet";
import type { RegionLabel } from "../labels";
import { type Bounds, union } from "./bounds";

/** A picture that is further behind is drawn anew. */
const MOST_CHANGES = 500;

/**
 * What is painted on one frame for one question: a label map, so that a question's labels exclude
 * each other. Every question has a layer of its own, so that those of two questions may overlap.
 */
export class Layer {
  /** The label's segment, 0 where nothing is painted; row-major. */
  pixels: Uint8Array<ArrayBuffer>;
  /** Holds everything that is painted, and maybe more. */
  bounds: Bounds | null = null;
  /** Counts the changes: pictures and codes of an earlier one are stale. */
  version = 0;
  private coded: Mask[] = [];
  private codedVersion = 0;
  /** Where each change lay since `firstKnown`. */
  private changes: Bounds[] = [];
  private firstKnown = 0;

  constructor(
    readonly item: number,
    readonly question: string,
    readonly rows: number,
    readonly columns: number,
    private readonly labels: readonly RegionLabel[],
  ) {
    this.pixels = new Uint8Array(rows * columns);
  }

  /** Says that pixels were changed within some bounds. */
  touch(bounds: Bounds): void {
    this.bounds = union(this.bounds, bounds);
    this.version += 1;
    this.changes.push(bounds);
    if (this.changes.length > MOST_CHANGES) this.forgetChanges();
  }

  /** Where all changes since a version lie; null where that is no longer known. */
  changedSince(version: number): Bounds | null {
    if (version < this.firstKnown) return null;
    return this.changes.slice(version - this.firstKnown).reduce<Bounds | null>(union, null);
  }

  /** Puts earlier pixels back. */
  restore(pixels: Uint8Array<ArrayBuffer>): void {
    this.pixels = pixels;
    this.changedWhole();
  }

  holds(segment: number): boolean {
    const { from, to } = this.stretch();
    return this.pixels.subarray(from, to).includes(segment);
  }

  /** 1 where a label is painted, row-major. */
  maskOf(segment: number): Uint8Array {
    return this.pixels.map((pixel) => Number(pixel === segment));
  }

  /** Takes a label away; false where it is not painted. */
  clear(segment: number): boolean {
    return this.replace(segment, 0);
  }

  /**
   * Gives what is painted with one label another; false where nothing is. It stays the mask that it
   * was, or becomes part of the other label's.
   */
  relabel(from: number, to: number): boolean {
    const name = (segment: number): string => this.labels.find((label) => label.segment === segment)?.value ?? "";
    const shown = this.masks();
    if (!this.holds(to)) {
      this.coded = shown.map((mask) => (mask.label === name(from) ? { ...mask, label: name(to) } : mask));
    }
    return this.replace(from, to);
  }

  /** The painted labels as masks; only what has changed since the last call is coded anew. */
  masks(): Mask[] {
    if (this.codedVersion === this.version) return this.coded;
    const before = this.coded;
    this.coded = this.labels.flatMap(({ value, segment }) => {
      if (!this.holds(segment)) return [];
      const { item, question } = this;
      const known = before.find(({ label }) => label === value) ?? { id: newId(), question, label: value, item };
      return [{ ...known, rle: encodeMask(this.pixels, segment, this.stretch()) }];
    });
    this.codedVersion = this.version;
    return this.coded;
  }

  /** Shows just these masks; true where that changed a pixel. */
  load(masks: readonly Mask[]): boolean {
    const shown = this.masks();
    const isSame =
      masks.length === shown.length && masks.every((mask, index) => isEqual(mask, shown[index]));
    if (isSame) {
      this.coded = [...masks];
      return false;
    }
    this.pixels.fill(0);
    this.bounds = null;
    for (const mask of masks) this.paint(mask);
    this.changedWhole();
    // Two masks of one label become one, which has to be coded; others are known already.
    const isPlain = new Set(masks.map(({ label }) => label)).size === masks.length;
    this.coded = [...masks];
    if (isPlain) this.codedVersion = this.version;
    return true;
  }

  private replace(from: number, to: number): boolean {
    if (!this.bounds || !this.holds(from)) return false;
    const { pixels } = this;
    for (let at = pixels.indexOf(from); at >= 0; at = pixels.indexOf(from, at)) pixels[at] = to;
    this.touch(this.bounds);
    return true;
  }

  private changedWhole(): void {
    this.version += 1;
    this.forgetChanges();
  }

  private forgetChanges(): void {
    this.changes = [];
    this.firstKnown = this.version;
  }

  private paint({ label, rle }: Mask): void {
    const segment = this.labels.find(({ value }) => value === label)?.segment;
    const { pixels, columns } = this;
    if (segment === undefined || frameSize(rle) !== pixels.length) return;
    readRuns(rle, (from, to) => {
      pixels.fill(segment, from, to);
      const [top, bottom] = [Math.floor(from / columns), Math.ceil(to / columns)];
      const isWithinRow = bottom === top + 1;
      const left = isWithinRow ? from - top * columns : 0;
      const right = isWithinRow ? to - top * columns : columns;
      this.bounds = union(this.bounds, { left, top, right, bottom });
    });
  }

  private stretch(): { from: number; to: number } {
    const { bounds, columns } = this;
    return bounds ? { from: bounds.top * columns, to: bounds.bottom * columns } : { from: 0, to: 0 };
  }
}

function isEqual(one: Mask, other: Mask | undefined): boolean {
  if (!other || one.label !== other.label || one.rle.length !== other.rle.length) return false;
  return one.rle === other.rle || one.rle.every((byte, index) => byte === other.rle[index]);
}
