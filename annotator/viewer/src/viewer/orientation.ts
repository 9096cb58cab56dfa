import type { Geometry } from "../types";

/** Letters for a direction in patient coordinates, DICOM PS3.3 C.7.6.1.1.1: +x left, +y posterior, +z head. */
const LETTERS: readonly (readonly [positive: string, negative: string])[] = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
];
const OPPOSITE: Readonly<Record<string, string>> = { L: "R", R: "L", P: "A", A: "P", H: "F", F: "H" };

/** A component smaller than this is an oblique angle nobody names (about 6 degrees). */
const LEAST_COMPONENT = 0.1;

export type Edges = { left: string; right: string; top: string; bottom: string };
type Vector = readonly number[];

const against = (vector: Vector): number[] => vector.map((size) => -size);

/** The strongest direction first, e.g. "LA"; empty for a null vector. */
export function patientDirection(vector: Vector): string {
  const length = Math.hypot(...vector) || 1;
  return LETTERS.map((letters, axis) => ({ letters, size: (vector[axis] ?? 0) / length }))
    .filter(({ size }) => Math.abs(size) >= LEAST_COMPONENT)
    .sort((a, b) => Math.abs(b.size) - Math.abs(a.size))
    .map(({ letters, size }) => (size > 0 ? letters[0] : letters[1]))
    .join("");
}

/**
 * The letters at the edges of the screen, given the world vectors to its right and down; null where
 * the header tells of no direction. Projections have no place in space, and their world is the frame
 * itself: rows run along x, columns along y.
 */
export function edgeMarkers(
  { orientation, patient_orientation: sides }: Pick<Geometry, "orientation" | "patient_orientation">,
  right: Vector,
  down: Vector,
): Edges | null {
  const isPlaced = orientation?.length === 6;
  if (!isPlaced && !sides) return null;
  const letters = (vector: Vector): string =>
    isPlaced ? patientDirection(vector) : sideDirection(sides as [string, string], vector);
  return {
    left: letters(against(right)),
    right: letters(right),
    top: letters(against(down)),
    bottom: letters(down),
  };
}

function sideDirection([row, column]: readonly [string, string], [x = 0, y = 0]: Vector): string {
  const [letters, size] = Math.abs(x) > Math.abs(y) ? [row, x] : [column, y];
  return size > 0 ? letters : [...letters].map((letter) => OPPOSITE[letter] ?? "").join("");
}
