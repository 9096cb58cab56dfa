import { Enums } from "@cornerstonejs/core";

import type { Scan } from "../types";
import { address } from "./registry";

const { MetadataModules } = Enums;

/** Cornerstone's metadata modules, from the header of the scan's frame file. */
export function provideMetadata(type: string, ...queries: unknown[]): unknown {
  const found = typeof queries[0] === "string" ? address(queries[0]) : undefined;
  if (!found) return undefined;
  switch (type) {
    case MetadataModules.IMAGE_PLANE:
      return imagePlane(found.scan, found.frame);
    case MetadataModules.IMAGE_PIXEL:
      return imagePixel(found.scan);
    case MetadataModules.GENERAL_SERIES:
      return { modality: found.scan.geometry.modality, seriesInstanceUID: `scan-${found.scan.id}` };
    default:
      return undefined;
  }
}

function imagePlane(scan: Scan, frame: number): Record<string, unknown> {
  const { rows, columns, spacing, orientation, positions, slice_spacing } = scan.geometry;
  const cosines = orientation ?? [1, 0, 0, 0, 1, 0];
  const [rowSpacing, columnSpacing] = spacing ?? [1, 1];
  // Frames without a position are laid one behind the other, so that each has a place of its own.
  const position = positions?.[frame] ?? [0, 0, frame * (slice_spacing ?? 1)];
  return {
    frameOfReferenceUID: `scan-${scan.id}`,
    rows,
    columns,
    imageOrientationPatient: cosines,
    rowCosines: cosines.slice(0, 3),
    columnCosines: cosines.slice(3, 6),
    imagePositionPatient: position,
    pixelSpacing: [rowSpacing, columnSpacing],
    // Cornerstone takes null for 1 pixel, and tells lengths in pixels.
    rowPixelSpacing: spacing?.[0] ?? null,
    columnPixelSpacing: spacing?.[1] ?? null,
    sliceThickness: slice_spacing ?? 1,
    usingDefaultValues: spacing === null,
  };
}

function imagePixel(scan: Scan): Record<string, unknown> {
  const { rows, columns, samples, dtype, inverted } = scan.geometry;
  const bits = dtype === "float32" ? 32 : dtype.endsWith("16") ? 16 : 8;
  const grey = inverted ? "MONOCHROME1" : "MONOCHROME2";
  return {
    rows,
    columns,
    samplesPerPixel: samples,
    photometricInterpretation: samples === 3 ? "RGB" : grey,
    bitsAllocated: bits,
    bitsStored: bits,
    highBit: bits - 1,
    pixelRepresentation: dtype.startsWith("u") ? 0 : 1,
  };
}
