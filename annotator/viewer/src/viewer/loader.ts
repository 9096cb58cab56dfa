import { type Types, utilities } from "@cornerstonejs/core";

import { ApiError, retried } from "../flow/http";
import type { Scan } from "../types";
import { type DecodedFrame, frameWindow } from "./decode";
import { Decoder } from "./decoder";
import { type ShownSamples, valueRange } from "./pixels";
import { address, imageId, planeSource } from "./registry";
import type { Window } from "./windows";

let decoder: Decoder | null = null;
/** The window each frame opens with, worked out where it was decoded. */
const windows = new WeakMap<ShownSamples, Window>();

/** The window a scan opens with. */
export function openingWindow(scan: Scan, values: ShownSamples): Window {
  return windows.get(values) ?? frameWindow(scan.geometry, values);
}

/** Cornerstone's image loader for `scout:<scan>/<frame>`. */
export function loadFrame(id: string): { promise: Promise<Types.IImage> } {
  const found = address(id);
  if (!found) return { promise: Promise.reject(new Error(`No scan is known for ${id}.`)) };
  const cut = planeSource(found.scan);
  if (cut) return { promise: cut(found.frame).then((values) => planeImage(found.scan, found.frame, values)) };
  return { promise: fetchFrame(found.scan, found.frame) };
}

async function fetchFrame(scan: Scan, frame: number): Promise<Types.IImage> {
  const url = scan.frame_url.replace("{frame}", String(frame));
  const bytes = await retried(async () => {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) throw await ApiError.from(response);
    return response.arrayBuffer();
  });
  decoder ??= new Decoder();
  return image(scan, frame, await decoder.decode(bytes, scan.geometry));
}

function planeImage(scan: Scan, frame: number, values: ShownSamples): Types.IImage {
  const window = frameWindow(scan.geometry, values);
  return image(scan, frame, { values, ...valueRange(values), window });
}

function image(scan: Scan, frame: number, decoded: DecodedFrame): Types.IImage {
  const { rows, columns, samples, spacing, modality } = scan.geometry;
  const { values, low, high, window } = decoded;
  windows.set(values, window);
  const id = imageId(scan, frame);
  return {
    imageId: id,
    minPixelValue: low,
    maxPixelValue: high,
    slope: 1,
    intercept: 0,
    // The loader has applied the modality LUT: pixel values are modality values.
    isPreScaled: true,
    preScale: { enabled: true, scaled: true, scalingParameters: { modality } },
    windowCenter: window.center,
    windowWidth: window.width,
    voiLUTFunction: "LINEAR" as Types.IImage["voiLUTFunction"],
    getPixelData: () => values,
    getCanvas: () => document.createElement("canvas"),
    rows,
    columns,
    height: rows,
    width: columns,
    color: samples === 3,
    rgba: false,
    numberOfComponents: samples,
    rowPixelSpacing: spacing?.[0] ?? 1,
    columnPixelSpacing: spacing?.[1] ?? 1,
    invert: false,
    photometricInterpretation: samples === 3 ? "RGB" : "MONOCHROME2",
    sizeInBytes: values.byteLength,
    dataType: values.constructor.name as Types.PixelDataTypedArrayString,
    voxelManager: voxels(scan, values, id),
  };
}

function voxels(scan: Scan, values: ShownSamples, id: string): Types.IVoxelManager<number> {
  const { rows, columns, samples } = scan.geometry;
  const manager = utilities.VoxelManager.createImageVoxelManager({
    width: columns,
    height: rows,
    scalarData: values,
    numberOfComponents: samples,
    id,
  });
  return manager as Types.IVoxelManager<number>;
}
