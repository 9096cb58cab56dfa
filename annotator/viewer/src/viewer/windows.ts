import { t } from "../i18n";
import type { Geometry } from "../types";
import type { ShownSamples } from "./pixels";

export interface Window {
  center: number;
  width: number;
}

export interface Range {
  lower: number;
  upper: number;
}

interface NamedWindow extends Window {
  name: string;
}

/** Hounsfield units, in the order of their keys. */
export const CT_PRESETS: readonly NamedWindow[] = [
  { name: t("Soft tissue"), center: 40, width: 400 },
  { name: t("Lung"), center: -600, width: 1500 },
  { name: t("Liver"), center: 90, width: 150 },
  { name: t("Bone"), center: 480, width: 2500 },
  { name: t("Brain"), center: 40, width: 80 },
];

type Windowed = Pick<Geometry, "modality" | "window" | "windows">;

/** The windows that the file names; of a scan that names none, the one it opens with. */
export function headerWindows({ windows, window }: Windowed): NamedWindow[] {
  const named = windows ?? (window ? [[...window, ""] as const] : []);
  return named.map(([center, width, name]) => ({ center, width, name }));
}

/** The window after the current one in the header's list; the first where the current is none of it. */
export function nextHeaderWindow(geometry: Windowed, current: Window): Window | undefined {
  const named = headerWindows(geometry);
  return named[(named.findIndex((one) => isSame(one, current)) + 1) % named.length];
}

/** What a window is called: by the file first, then, of a CT, by the presets. */
export function windowName(geometry: Windowed, current: Window): string {
  const presets = geometry.modality === "CT" ? CT_PRESETS : [];
  const known = [...headerWindows(geometry), ...presets];
  return known.find((one) => one.name && isSame(one, current))?.name ?? "";
}

function isSame(one: Window, other: Window): boolean {
  const most = 1e-6 * Math.max(1, Math.abs(one.center), one.width);
  return Math.abs(one.center - other.center) < most && Math.abs(one.width - other.width) < most;
}

/** Enough samples to place a percentile, few enough for a mammogram. */
const MOST_SAMPLES = 100_000;

/**
 * A window for scans whose file names none: from the 0.5th to the 99.5th percentile, so that a
 * burnt-in marker or a detector's dead border does not flatten the anatomy.
 */
export function percentileWindow(values: ShownSamples): Window {
  const step = Math.max(1, Math.floor(values.length / MOST_SAMPLES));
  const sample: number[] = [];
  for (let index = 0; index < values.length; index += step) {
    const value = values[index] as number;
    if (Number.isFinite(value)) sample.push(value);
  }
  if (sample.length === 0) return { center: 0.5, width: 1 };
  const sorted = Float64Array.from(sample).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  const low = at(0.005);
  const high = at(0.995);
  return { center: (low + high) / 2, width: Math.max(high - low, Number.EPSILON) };
}

/**
 * The values shown black and white. Whole numbers: DICOM PS3.3 C.11.2.1.2.1 (LINEAR). Fractions, of
 * which a window may be narrower than 1: C.11.2.1.3.2 (LINEAR_EXACT).
 */
export function windowRange({ center, width }: Window, isWhole: boolean): Range {
  return isWhole && width >= 2
    ? { lower: center - width / 2, upper: center + width / 2 - 1 }
    : { lower: center - width / 2, upper: center + width / 2 };
}

/** The inverse of `windowRange`. */
export function rangeWindow({ lower, upper }: Range, isWhole: boolean): Window {
  const width = upper - lower + (isWhole && upper - lower >= 1 ? 1 : 0);
  return { center: lower + width / 2, width };
}

/** The window after a drag of (x, y) CSS pixels: to the right wider, downwards a higher centre. */
export function draggedWindow(from: Window, x: number, y: number, span: number): Window {
  // As wide a step as the window asks for, and never so small that a narrow one cannot be left.
  const step = Math.max(from.width, span / 50) / 250;
  const least = Math.min(1, span / 1000);
  return { center: from.center + y * step, width: Math.max(least, from.width + x * step) };
}

/** As many decimals as the width needs. */
export function windowText({ center, width }: Window): string {
  const decimals = width >= 20 ? 0 : width >= 2 ? 1 : 3;
  return `C ${center.toFixed(decimals)}  W ${width.toFixed(decimals)}`;
}
