import { cache, imageLoader } from "@cornerstonejs/core";

import type { Scan, Task } from "../types";
import { openingPlace, outward } from "../viewer/order";
import { forget, imageIds, register } from "../viewer/registry";

const AT_ONCE = 4;
/** What the task ahead may take in memory; frames beyond are fetched when it is opened. */
const AHEAD_BYTES = 256 * 1024 ** 2;
const IN_HAND_BYTES = 1024 ** 3;

/** Fetches frames before they are looked at: of the task in hand first, then of the one ahead. */
export class Prefetch {
  private readonly known = new Map<number, Scan>();
  /** Counts the calls of `only`; work begun for an earlier task stops when it sees another count. */
  private turn = 0;

  /** Forgets every scan but those of these tasks, and stops what is under way. */
  only(...tasks: (Task | null)[]): void {
    this.turn += 1;
    const kept = new Map(tasks.flatMap((task) => task?.scans ?? []).map((scan) => [scan.id, scan]));
    for (const [id, scan] of this.known) {
      if (kept.has(id)) continue;
      for (const image of imageIds(scan)) {
        if (cache.getImageLoadObject(image)) cache.removeImageLoadObject(image, { force: true });
      }
      forget(scan);
      this.known.delete(id);
    }
    for (const [id, scan] of kept) this.known.set(id, scan);
  }

  inHand(task: Task): Promise<void> {
    return this.fetch(task, IN_HAND_BYTES);
  }

  ahead(task: Task): Promise<void> {
    return this.fetch(task, AHEAD_BYTES);
  }

  private async fetch(task: Task, budget: number): Promise<void> {
    const { turn } = this;
    for (const scan of task.scans) {
      register(scan);
      this.known.set(scan.id, scan);
    }
    const wanted = task.scans.flatMap((scan, nth) =>
      nearest(scan, openingPlace(task, nth), budget / task.scans.length),
    );
    const worker = async (): Promise<void> => {
      for (let id = wanted.shift(); id && turn === this.turn; id = wanted.shift()) {
        // A frame that fails is asked for again when it is to be shown, and its error said then.
        await imageLoader.loadAndCacheImage(id).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}

/** The frames that fit into a budget, from the one at the opening place outward. */
function nearest(scan: Scan, opening: number, budget: number): string[] {
  const bytes = scan.rows * scan.columns * scan.geometry.samples * 4;
  const count = Math.max(1, Math.min(scan.frame_count, Math.floor(budget / bytes)));
  const stack = imageIds(scan);
  const places = outward(opening, scan.frame_count).slice(0, count);
  return places.map((place) => stack[place] as string);
}
