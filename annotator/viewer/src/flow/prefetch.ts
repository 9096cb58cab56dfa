import { cache, imageLoader } from "@cornerstonejs/core";

import type { Scan, Task } from "../types";
import { forget, imageIds, register } from "../viewer/registry";
import { fetchOrder } from "./fetchorder";

/** Two connections of the six that a browser opens stay free for what the reader asks for now. */
const AT_ONCE = 4;

/** Fetches frames before they are looked at: of the task in hand, and of those ahead. */
export class Prefetch {
  private readonly known = new Map<number, Scan>();
  private wanted: string[] = [];
  private running = 0;

  /** From here on these tasks' frames are fetched; every other scan is forgotten. */
  plan(inHand: Task | null, ahead: readonly Task[]): void {
    const tasks = inHand ? [inHand, ...ahead] : ahead;
    this.keepOnly(tasks.flatMap(({ scans }) => scans));
    this.wanted = fetchOrder(inHand, ahead);
    while (this.running < AT_ONCE && this.wanted.length > 0) void this.work();
  }

  private keepOnly(scans: readonly Scan[]): void {
    const kept = new Map(scans.map((scan) => [scan.id, scan]));
    for (const [id, scan] of this.known) {
      if (!kept.has(id)) this.drop(scan);
    }
    for (const scan of kept.values()) {
      register(scan);
      this.known.set(scan.id, scan);
    }
  }

  private drop(scan: Scan): void {
    for (const image of imageIds(scan)) {
      if (cache.getImageLoadObject(image)) cache.removeImageLoadObject(image, { force: true });
    }
    forget(scan);
    this.known.delete(scan.id);
  }

  private async work(): Promise<void> {
    this.running += 1;
    for (let id = this.wanted.shift(); id; id = this.wanted.shift()) {
      if (cache.getImageLoadObject(id)) continue;
      // A frame that fails is asked for again when it is to be shown, and its error said then.
      await imageLoader.loadAndCacheImage(id).catch(() => undefined);
    }
    this.running -= 1;
  }
}
