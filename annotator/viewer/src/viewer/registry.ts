import type { Scan } from "../types";
import { readingOrder } from "./order";
import type { ShownSamples } from "./pixels";

/** Scans by number, for the image loader and the metadata provider, which are given image ids only. */
const scans = new Map<number, Scan>();

/** A frame of a plane through a volume: cut, not fetched. */
export type PlaneSource = (frame: number) => Promise<ShownSamples>;

const sources = new Map<number, PlaneSource>();

export interface FrameAddress {
  scan: Scan;
  frame: number;
}

export function register(scan: Scan): void {
  scans.set(scan.id, scan);
}

export function forget(scan: Scan): void {
  scans.delete(scan.id);
  sources.delete(scan.id);
}

/** Makes a plane known, as `register` does a scan. */
export function registerPlane(scan: Scan, source: PlaneSource): void {
  register(scan);
  sources.set(scan.id, source);
}

/** Where a plane's frames come from; undefined for scans. */
export function planeSource(scan: Scan): PlaneSource | undefined {
  return sources.get(scan.id);
}

export function imageId(scan: Scan, frame: number): string {
  return `scout:${scan.id}/${frame}`;
}

/** In the order of reading, which is that of every stack. */
export function imageIds(scan: Scan): string[] {
  return readingOrder(scan).map((frame) => imageId(scan, frame));
}

/** The numbers of the scan and frame in an image id, or undefined for ids that are not ours (masks). */
export function numbersOf(id: string): { scan: number; frame: number } | undefined {
  const match = /^scout:(\d+)\/(\d+)$/.exec(id);
  return match ? { scan: Number(match[1]), frame: Number(match[2]) } : undefined;
}

/** The scan and frame of an image id, or undefined where no such scan is at hand. */
export function address(id: string): FrameAddress | undefined {
  const numbers = numbersOf(id);
  const scan = numbers && scans.get(numbers.scan);
  return numbers && scan ? { scan, frame: numbers.frame } : undefined;
}
