import type { Mark, Mask } from "../answers/marks";
import { countMask } from "../answers/rle";
import { t } from "../i18n";
import type { Scan } from "../types";
import type { Pixel } from "./plane";
import { handlesOf, polygonArea } from "./shapes";

/** How large a mark is, in mm, or in pixels where the spacing is unknown; nothing for a point. */
export function sizeText(region: Mark | Mask, scan: Scan): string {
  const { spacing } = scan.geometry;
  const [down, across] = spacing ?? [1, 1];
  const unit = spacing ? "mm" : "px";
  if ("rle" in region) return areaText(countMask(region.rle) * down * across, unit);
  const corners = handlesOf(region, scan).map(({ column, row }) => ({ column: column * across, row: row * down }));
  const [first, second, third, fourth] = corners;
  if (region.kind === "polygon") return areaText(polygonArea(corners), unit);
  if (!first || !second || !third || !fourth) return "";
  const sides = region.kind === "box" ? [distance(first, second), distance(first, third)] : [distance(third, fourth), distance(first, second)];
  const [width, height] = sides.map(short) as [string, string];
  return t("{width} × {height} {unit}", { width, height, unit });
}

function areaText(area: number, unit: "mm" | "px"): string {
  return t("{area} {unit}²", { area: short(area), unit });
}

function distance(one: Pixel, other: Pixel): number {
  return Math.hypot(one.column - other.column, one.row - other.row);
}

function short(number: number): string {
  return number < 100 ? number.toFixed(1) : String(Math.round(number));
}
