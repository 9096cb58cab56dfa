import { cache, imageLoader } from "@cornerstonejs/core";

import type { Scan } from "../types";
import type { Cell } from "./cell";
import { outward, readingOrder } from "./order";
import type { ShownSamples } from "./pixels";
import { forget, imageId, registerPlane } from "./registry";
import { type Plane, reformatted } from "./volume";

const AT_ONCE = 4;
/** The planes on the screen are cut anew while slices come, so often. */
const REFRESH_MS = 400;
/** Frames of planes are quickly cut again: so many are kept. */
const MOST_KEPT = 48;

/** A volume whose slices are held while planes are cut through it; it fills in as they come. */
export class CutVolume {
  private readonly slices: (ShownSamples | undefined)[];
  private readonly kept: string[] = [];
  private isOpen = true;

  constructor(
    private readonly scan: Scan,
    private readonly planes: readonly Plane[],
  ) {
    this.slices = Array.from({ length: scan.frame_count }, () => undefined);
    for (const plane of planes) registerPlane(plane.scan, (frame) => this.cut(plane, frame));
  }

  /** Fetches the slices, from this one outward, and draws the planes in these cells as they come. */
  async fill(start: number, cells: () => readonly Cell[]): Promise<void> {
    const order = readingOrder(this.scan);
    const wanted = outward(start, order.length).map((place) => order[place] as number);
    let refreshed = performance.now();
    const worker = async (): Promise<void> => {
      for (let frame = wanted.shift(); frame !== undefined && this.isOpen; frame = wanted.shift()) {
        await this.take(frame);
        if (performance.now() - refreshed < REFRESH_MS) continue;
        refreshed = performance.now();
        await this.refresh(cells());
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await this.refresh(cells());
  }

  /** Lets go of the slices and of what was cut through them. */
  close(): void {
    this.isOpen = false;
    for (const id of this.kept.splice(0)) drop(id);
    for (const { scan } of this.planes) forget(scan);
    this.slices.fill(undefined);
  }

  /** A slice that does not come stays air; its own view says what is wrong. */
  private async take(frame: number): Promise<void> {
    const image = await imageLoader.loadAndCacheImage(imageId(this.scan, frame)).catch(() => null);
    if (image && this.isOpen) this.slices[frame] = image.getPixelData() as ShownSamples;
  }

  private async cut(plane: Plane, frame: number): Promise<ShownSamples> {
    if (!this.slices.some((slice) => slice)) await this.take(Math.floor(this.scan.frame_count / 2));
    const { slope, intercept, smallest, largest } = this.scan.geometry;
    const air = Math.min(smallest * slope + intercept, largest * slope + intercept);
    this.keep(imageId(plane.scan, frame));
    return reformatted(plane, this.slices, this.scan.columns, this.scan.rows, frame, air);
  }

  private keep(id: string): void {
    if (this.kept.includes(id)) return;
    this.kept.push(id);
    if (this.kept.length > MOST_KEPT) drop(this.kept.shift() as string);
  }

  private async refresh(cells: readonly Cell[]): Promise<void> {
    if (!this.isOpen) return;
    const shown = cells.filter(({ scan }) => this.planes.some((plane) => plane.scan.id === scan.id));
    const current = new Set(shown.map((cell) => imageId(cell.scan, cell.shownFrame)));
    for (const id of this.kept) if (!current.has(id)) drop(id);
    await Promise.all(shown.map((cell) => cell.refresh()));
  }
}

function drop(id: string): void {
  if (cache.getImageLoadObject(id)) cache.removeImageLoadObject(id, { force: true });
}
