import { t } from "../i18n";
import type { Geometry } from "../types";

/** The longest of 1, 2 or 5 times a power of ten that is not longer than `most`, in mm. */
export function scaleBarLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [5, 2, 1].find((step) => step * power <= most) ?? 1;
  return factor * power;
}

export function scaleBarText(length: number): string {
  return length >= 10 ? `${length / 10} cm` : `${length} mm`;
}

/** What lengths on this image are worth; empty where they are plain millimetres in the patient. */
export function spacingNote({ spacing, spacing_kind: kind }: Pick<Geometry, "spacing" | "spacing_kind">): string {
  if (spacing === null) return t("No pixel spacing: lengths in pixels");
  if (kind === "detector") return t("Lengths as at the detector");
  if (kind === "film") return t("Lengths as on the film");
  return kind === "calibrated" ? t("Calibrated lengths") : "";
}
