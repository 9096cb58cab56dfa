import type { StackViewport, Types } from "@cornerstonejs/core";

import type { Scan } from "../types";
import type { Edge } from "./hanging";
import { framePlane, type FrameTransform, pixelToWorld, type Point } from "./plane";

/** Sides of the frame that are turned by less are upright. */
const UPRIGHT = 1e-6;

/** Where a frame's pixels lie on the element, however it is moved, turned or flipped. */
export function transformOf(viewport: StackViewport, scan: Scan, frame: number): FrameTransform {
  const plane = framePlane(scan, frame);
  const at = (column: number, row: number): Types.Point2 =>
    viewport.worldToCanvas(pixelToWorld(plane, { column, row }));
  const [x, y] = at(0, 0);
  const { rows, columns } = scan.geometry;
  const [right, down] = [at(columns, 0), at(0, rows)];
  return {
    a: (right[0] - x) / columns, b: (right[1] - y) / columns,
    c: (down[0] - x) / rows, d: (down[1] - y) / rows, e: x, f: y,
  };
}

/** Moves the frame on the screen, by CSS pixels. */
export function moveFrame(viewport: StackViewport, x: number, y: number): void {
  const [from, to] = [viewport.canvasToWorld([0, 0]), viewport.canvasToWorld([x, y])];
  const { focalPoint = [0, 0, 0], position = [0, 0, 0] } = viewport.getCamera();
  const moved = (point: readonly number[]): Point =>
    point.map((value, axis) => value + (from[axis] ?? 0) - (to[axis] ?? 0)) as Point;
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
}

/** How far, in CSS pixels to the right, a frame lies from the edge that its chest wall touches. */
export function wayToEdge({ a, b, c, e }: FrameTransform, columns: number, width: number, edge: Edge): number {
  // Turned by a quarter, it no longer hangs for its chest wall.
  if (Math.abs(b) > UPRIGHT || Math.abs(c) > UPRIGHT) return 0;
  const ends = [e - a / 2, e + a * (columns - 0.5)];
  return edge === "left" ? -Math.min(...ends) : width - Math.max(...ends);
}
