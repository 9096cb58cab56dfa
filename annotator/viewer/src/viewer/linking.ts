import type { Scan } from "../types";
import { readingOrder } from "./order";
import { normalOf } from "./volume";
import type { Window } from "./windows";

/** What linked viewports have in common. */
export interface Sight {
  frame: number;
  window: Window;
  /** mm on half of the viewport's height; smaller is nearer. */
  scale: number;
  /** Of the frame's middle from the viewport's, CSS pixels. */
  offset: { x: number; y: number };
}

/** Directions of slices that differ by less are the same: about 20 degrees. */
const SAME_DIRECTION = 0.94;

/**
 * The frame of `to` that goes with a frame of `from`: the nearest in the patient where both know
 * their place and lie alike, else the one as far through the stack.
 */
export function linkedFrame(from: Scan, frame: number, to: Scan): number {
  if (from.id === to.id) return frame;
  const [own, other] = [normalOf(from), normalOf(to)];
  const at = from.geometry.positions?.[frame];
  const areAlike = own && other && Math.abs(dot(own, other)) >= SAME_DIRECTION;
  // A prior has a space of its own: its millimetres are not the current study's.
  const isOneSpace = (from.prior_days ?? null) === (to.prior_days ?? null);
  if (areAlike && at && isOneSpace) return nearestFrame(to, at) ?? frame;
  const [order, theirs] = [readingOrder(from), readingOrder(to)];
  const share = order.indexOf(frame) / Math.max(1, order.length - 1);
  return theirs[Math.round(share * (theirs.length - 1))] ?? 0;
}

/** The frame that lies nearest to a point of the patient, along the stack's own direction. */
export function nearestFrame(scan: Scan, point: readonly number[]): number | null {
  const { positions } = scan.geometry;
  const normal = normalOf(scan);
  if (!positions || !normal) return null;
  const wanted = dot(normal, point);
  const away = positions.map((position) => Math.abs(dot(normal, position) - wanted));
  return away.indexOf(Math.min(...away));
}

/**
 * The window of a linked scan after another's has changed. Hounsfield units mean the same in each CT:
 * there it is the same window. Elsewhere it moves by as much of its own width.
 */
export function linkedWindow(before: Window, after: Window, own: Window, isSame: boolean): Window {
  if (isSame) return after;
  const share = own.width / before.width;
  return {
    center: own.center + (after.center - before.center) * share,
    width: after.width * share,
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, axis) => sum + value * (b[axis] ?? 0), 0);
}
