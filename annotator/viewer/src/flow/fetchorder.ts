import type { Scan, Task } from "../types";
import { openingPlace, outward } from "../viewer/order";
import { imageIds } from "../viewer/registry";

/** What the frames of one task may take in memory; frames beyond are fetched when they are looked at. */
const IN_HAND_BYTES = 768 * 1024 ** 2;
const AHEAD_BYTES = 320 * 1024 ** 2;
/** So many around the opening are what a reader scrolls through first. */
const NEAR = 32;

/**
 * Frames in the order in which they are wanted: those around the opening of the task in hand, the
 * first sight of each task ahead, the rest in hand, then the rest ahead; each from its opening
 * outward, and no more of a task than its memory allows.
 */
export function fetchOrder(inHand: Task | null, ahead: readonly Task[]): string[] {
  const own = inHand ? outwardFrames(inHand, IN_HAND_BYTES) : [];
  const following = ahead.map((task) => outwardFrames(task, AHEAD_BYTES));
  const order = [
    ...own.slice(0, NEAR),
    ...following.flatMap((frames, nth) => frames.slice(0, ahead[nth]?.scans.length)),
    ...own.slice(NEAR),
    ...following.flat(),
  ];
  return [...new Set(order)];
}

/** A task's frames, its scans taking turns, so that each of them opens early. */
function outwardFrames(task: Task, budget: number): string[] {
  const stacks = task.scans.map((scan, nth) => {
    const stack = imageIds(scan);
    const most = Math.max(1, Math.floor(budget / task.scans.length / frameBytes(scan)));
    const places = outward(openingPlace(task, nth), scan.frame_count).slice(0, most);
    return places.map((place) => stack[place] as string);
  });
  const longest = Math.max(0, ...stacks.map((stack) => stack.length));
  return Array.from({ length: longest }, (_, nth) => nth).flatMap((nth) =>
    stacks.flatMap((stack) => stack[nth] ?? []),
  );
}

/** What a decoded frame takes in memory, at most. */
function frameBytes({ geometry }: Scan): number {
  const { rows, columns, samples, dtype, slope, intercept } = geometry;
  const isWhole = dtype !== "float32" && Number.isInteger(slope) && Number.isInteger(intercept);
  const width = samples === 3 || (isWhole && dtype.endsWith("8") && slope === 1 && intercept === 0) ? 1 : isWhole ? 2 : 4;
  return rows * columns * samples * width;
}
