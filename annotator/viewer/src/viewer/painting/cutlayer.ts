import type { Scan } from "../../types";
import { framePlane, type Point } from "../plane";
import { type Bounds, extent } from "./bounds";
import type { Layer } from "./layer";
import type { Shown } from "./raster";

/** Column, row and frame of a volume. */
type Place = [number, number, number];

/**
 * What a plane through a volume shows of one question's paint: of every pixel the segment of the
 * nearest voxel.
 *
 * @param layerOf the volume's layer by the number of its frame
 * @param version changes when any of these layers does
 */
export function cutLayer(
  volume: Scan,
  plane: Scan,
  frame: number,
  question: string,
  version: number,
  layerOf: (frame: number) => Layer | undefined,
): Shown {
  const { rows, columns } = plane;
  const { origin, across, down } = framePlane(plane, frame);
  const toPlace = placesIn(volume);
  const start = toPlace(origin, true);
  const [right, below] = [toPlace(across, false), toPlace(down, false)];
  const layers = Array.from({ length: volume.frame_count }, (_, number) => layerOf(number)?.pixels);
  const pixels = new Uint8Array(rows * columns);
  for (let index = 0; index < pixels.length; index += 1) {
    const [y, x] = [Math.floor(index / columns), index % columns];
    const at = (axis: 0 | 1 | 2): number => Math.round(start[axis] + x * right[axis] + y * below[axis]);
    const [column, row] = [at(0), at(1)];
    const isInside = column >= 0 && column < volume.columns && row >= 0 && row < volume.rows;
    if (isInside) pixels[index] = layers[at(2)]?.[row * volume.columns + column] ?? 0;
  }
  const bounds: Bounds | null = extent(pixels, columns);
  return { question, rows, columns, pixels, bounds, version, changedSince: () => null };
}

/** From patient coordinates to places in a volume: of points, or of the ways between them. */
function placesIn(volume: Scan): (world: Point, isPoint: boolean) => Place {
  const { origin, across, down } = framePlane(volume, 0);
  const last = framePlane(volume, volume.frame_count - 1).origin;
  const through = last.map((value, axis) => (value - (origin[axis] ?? 0)) / (volume.frame_count - 1));
  return (world, isPoint) => {
    const way = world.map((value, axis) => value - (isPoint ? (origin[axis] ?? 0) : 0));
    return [across, down, through].map((step) => dot(way, step) / dot(step, step)) as Place;
  };
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, axis) => sum + value * (other[axis] ?? 0), 0);
}
