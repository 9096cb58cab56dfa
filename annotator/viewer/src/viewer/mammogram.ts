import type { Geometry } from "../types";
import type { Edge } from "./hanging";
import type { ShownSamples } from "./pixels";

/** How a frame is flipped on the screen before it hangs. */
export interface Flips {
  isMirrored: boolean;
  isUpsideDown: boolean;
}

/** The share of the columns at each edge in which tissue is looked for. */
const EDGE_SHARE = 1 / 8;

/**
 * How a mammogram is flipped so that its chest wall touches this edge and its upper or lateral part is
 * above. The header's patient orientation tells (DICOM PS3.3 C.7.6.1.1.1); where it is silent, the
 * breast hangs from the edge that has more tissue.
 */
export function breastFlips(geometry: Geometry, values: ShownSamples, chestWall: Edge): Flips {
  const [row = "", column = ""] = geometry.patient_orientation ?? [];
  return {
    isMirrored: (wallByHeader(row) ?? wallByTissue(geometry, values)) !== chestWall,
    isUpsideDown: isUpsideDown(column, geometry),
  };
}

/** Rows that run to the front begin at the chest wall. */
function wallByHeader(row: string): Edge | null {
  if (row.startsWith("A")) return "left";
  return row.startsWith("P") ? "right" : null;
}

function wallByTissue({ rows, columns, inverted }: Geometry, values: ShownSamples): Edge {
  const width = Math.max(1, Math.floor(columns * EDGE_SHARE));
  let balance = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      balance += (values[row * columns + column] as number) - (values[(row + 1) * columns - 1 - column] as number);
    }
  }
  return (inverted ? -balance : balance) >= 0 ? "left" : "right";
}

/** An oblique or lateral view runs down to the feet, a craniocaudal one to the middle of the body. */
function isUpsideDown(column: string, { laterality }: Geometry): boolean {
  if (column.startsWith("H")) return true;
  return column !== "" && column.startsWith(laterality);
}
