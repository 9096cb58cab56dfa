/** Letters for a direction in patient coordinates, DICOM PS3.3 C.7.6.1.1.1: +x left, +y posterior, +z head. */
const LETTERS: readonly (readonly [positive: string, negative: string])[] = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
];

/** A component smaller than this is an oblique angle nobody names (about 6 degrees). */
const LEAST_COMPONENT = 0.1;

export type Edges = { left: string; right: string; top: string; bottom: string };

/** The strongest direction first, e.g. "LA"; empty for a null vector. */
export function patientDirection(vector: readonly number[]): string {
  return LETTERS.map((letters, axis) => ({ letters, size: vector[axis] ?? 0 }))
    .filter(({ size }) => Math.abs(size) >= LEAST_COMPONENT)
    .sort((a, b) => Math.abs(b.size) - Math.abs(a.size))
    .map(({ letters, size }) => (size > 0 ? letters[0] : letters[1]))
    .join("");
}

/** orientation: cosines of a row (to the right on screen) and of a column (down on screen). */
export function edgeMarkers(orientation: readonly number[] | null): Edges | null {
  if (orientation === null || orientation.length !== 6) return null;
  const row = orientation.slice(0, 3);
  const column = orientation.slice(3, 6);
  const away = (vector: number[]): number[] => vector.map((size) => -size);
  return {
    left: patientDirection(away(row)),
    right: patientDirection(row),
    top: patientDirection(away(column)),
    bottom: patientDirection(column),
  };
}
