import { t } from "../i18n";
import type { Geometry } from "../types";
import { patientDirection } from "./orientation";

const short = (value: number): string => String(Math.round(value * 10) / 10);

/** How the image was taken, as far as its header tells: lines for the overlay, empty ones included. */
export function techniqueLines(geometry: Geometry, location: number | null): string[] {
  const { kvp, exposure_mas: exposure, slice_thickness: thickness } = geometry;
  return [
    [kvp ? `${short(kvp)} kVp` : "", exposure ? `${short(exposure)} mAs` : ""].filter(Boolean).join("  "),
    thickness ? t("Thickness {mm} mm", { mm: short(thickness) }) : "",
    location === null ? "" : t("Location {mm} mm", { mm: location.toFixed(1) }),
  ];
}

/** Where a frame lies along its normal, mm, counted towards left, back or head. */
export function frameLocation({ orientation, positions }: Geometry, frame: number): number | null {
  const position = positions?.[frame];
  if (!position || orientation?.length !== 6) return null;
  const [a, b, c, d, e, f] = orientation as [number, number, number, number, number, number];
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const along = normal.reduce((sum, cosine, axis) => sum + cosine * (position[axis] ?? 0), 0);
  return (/^[LPH]/.test(patientDirection(normal)) ? along : -along) + 0;
}
