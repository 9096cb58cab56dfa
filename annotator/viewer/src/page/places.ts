import type { Mark, Mask } from "../answers/marks";
import { locate } from "../answers/sheet";
import { t } from "../i18n";
import type { Scan } from "../types";
import { sliceNumber } from "../viewer/order";
import { sizeText } from "../viewer/sizes";

export interface Place {
  /** ", R CC, slice 6": what is needed to find it among the task's frames. */
  where: string;
  size: string;
}

/** Where a mark lies and how large it is, for the list of marks. */
export function placeOf(region: Mark | Mask, scans: readonly Scan[]): Place {
  const place = locate(scans, region.item);
  if (!place) return { where: "", size: "" };
  const { scan, frame } = place;
  const { laterality, view } = scan.geometry;
  const name = [laterality, view].filter(Boolean).join(" ") || t("image {number}", { number: scans.indexOf(scan) + 1 });
  const where = [
    scans.length > 1 ? `, ${name}` : "",
    scan.frame_count > 1 ? t(", slice {number}", { number: sliceNumber(scan, frame) }) : "",
  ].join("");
  return { where, size: sizeText(region, scan) };
}
