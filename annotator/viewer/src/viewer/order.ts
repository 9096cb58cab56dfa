import type { Scan, Task } from "../types";

type Opening = Pick<Task, "scans" | "opens_at">;

/** Slices whose positions run towards the head, as in most axial volumes. */
function runsToHead({ geometry: { positions } }: Scan): boolean {
  const [first, last] = [positions?.[0], positions?.at(-1)];
  if (!first || !last) return false;
  const [x, y, z] = [0, 1, 2].map((axis) => (last[axis] ?? 0) - (first[axis] ?? 0)) as [number, number, number];
  return z > Math.max(Math.abs(x), Math.abs(y));
}

/** A scan's frames in the order of reading: an axial volume from the head to the feet. */
export function readingOrder(scan: Scan): number[] {
  const frames = Array.from({ length: scan.frame_count }, (_, frame) => frame);
  return runsToHead(scan) ? frames.reverse() : frames;
}

/** The slice's number on the screen, from 1. */
export function sliceNumber(scan: Scan, frame: number): number {
  return runsToHead(scan) ? scan.frame_count - frame : frame + 1;
}

/** Places from `start` outward, the later neighbour first: 5 → 5, 6, 4, 7, 3, … */
export function outward(start: number, count: number): number[] {
  const order: number[] = [];
  for (let away = 0; order.length < count; away += 1) {
    const later = start + away;
    const earlier = start - away;
    if (later < count) order.push(later);
    if (away > 0 && earlier >= 0) order.push(earlier);
  }
  return order;
}

/** The place in the order of reading where the task's nth scan opens: its middle, unless told. */
export function openingPlace({ scans, opens_at: told }: Opening, nth: number): number {
  const scan = scans[nth];
  const frames = scan ? readingOrder(scan) : [];
  const place = told?.scan === nth ? frames.indexOf(told.frame) : -1;
  return place < 0 ? Math.floor(frames.length / 2) : place;
}

/** The place where a scan of the task opens; a plane cut through a volume opens in its middle. */
export function openingOf(task: Opening, scan: Scan): number {
  const nth = task.scans.findIndex(({ id }) => id === scan.id);
  return nth < 0 ? Math.floor(scan.frame_count / 2) : openingPlace(task, nth);
}
