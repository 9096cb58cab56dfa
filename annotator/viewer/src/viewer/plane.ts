import type { Scan } from "../types";

export type Point = [number, number, number];

export interface Pixel {
  column: number;
  row: number;
}

interface Plane {
  origin: Point;
  /** World vectors of one step to the right and one step down. */
  across: Point;
  down: Point;
}

/** Where a frame lies in patient space; the same defaults as the metadata provider's. */
export function framePlane(scan: Scan, frame: number): Plane {
  const { orientation, positions, spacing, slice_spacing } = scan.geometry;
  const cosines = orientation ?? [1, 0, 0, 0, 1, 0];
  const [rowSpacing, columnSpacing] = spacing ?? [1, 1];
  const scaled = (from: number, by: number): Point => [
    (cosines[from] ?? 0) * by,
    (cosines[from + 1] ?? 0) * by,
    (cosines[from + 2] ?? 0) * by,
  ];
  const position = positions?.[frame] ?? [0, 0, frame * (slice_spacing ?? 1)];
  return {
    origin: [position[0] ?? 0, position[1] ?? 0, position[2] ?? 0],
    across: scaled(0, columnSpacing),
    down: scaled(3, rowSpacing),
  };
}

/** World point of a pixel, whole numbers being centres (DICOM PS3.3 C.7.6.2.1.1). */
export function pixelToWorld(plane: Plane, { column, row }: Pixel): Point {
  const { origin, across, down } = plane;
  return [0, 1, 2].map(
    (axis) => (origin[axis] ?? 0) + column * (across[axis] ?? 0) + row * (down[axis] ?? 0),
  ) as Point;
}

export function worldToPixel(plane: Plane, world: readonly number[]): Pixel {
  const away = world.map((value, axis) => value - (plane.origin[axis] ?? 0));
  const along = (vector: Point): number =>
    away.reduce((sum, value, axis) => sum + value * (vector[axis] ?? 0), 0) /
    vector.reduce((sum, value) => sum + value * value, 0);
  return { column: along(plane.across), row: along(plane.down) };
}

/** From pixels of a frame (whole numbers: centres) to CSS pixels: x = a column + c row + e, y = b column + d row + f. */
export interface FrameTransform {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export function onElement({ a, b, c, d, e, f }: FrameTransform, { column, row }: Pixel): { x: number; y: number } {
  return { x: a * column + c * row + e, y: b * column + d * row + f };
}

/** The inverse of `onElement`: inside the frame and out. */
export function pixelUnder({ a, b, c, d, e, f }: FrameTransform, x: number, y: number): Pixel {
  const area = a * d - b * c;
  return { column: (d * (x - e) - c * (y - f)) / area, row: (a * (y - f) - b * (x - e)) / area };
}

/** World vectors of one CSS pixel to the right and one down on the screen. */
export function screenDirections(toWorld: (x: number, y: number) => readonly number[]): { right: Point; down: Point } {
  const start = toWorld(0, 0);
  const from = (end: readonly number[]): Point =>
    [0, 1, 2].map((axis) => (end[axis] ?? 0) - (start[axis] ?? 0)) as Point;
  return { right: from(toWorld(1, 0)), down: from(toWorld(0, 1)) };
}
