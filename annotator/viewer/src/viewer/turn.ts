import { t } from "../i18n";
import type { Geometry } from "../types";

/** How a frame is turned on the screen: first mirrored left to right, then turned clockwise. */
export interface Turn {
  /** Quarters of a full turn, 0 to 3. */
  readonly quarters: number;
  readonly isMirrored: boolean;
}

export const UPRIGHT: Turn = { quarters: 0, isMirrored: false };

const turned = (quarters: number, isMirrored: boolean): Turn => ({ quarters: (quarters + 4) % 4, isMirrored });

/** The turn that two flips of the screen make. */
export function turnOf({ isMirrored, isUpsideDown }: { isMirrored: boolean; isUpsideDown: boolean }): Turn {
  const turn = isMirrored ? flippedHorizontally(UPRIGHT) : UPRIGHT;
  return isUpsideDown ? flippedVertically(turn) : turn;
}

export function rotated({ quarters, isMirrored }: Turn): Turn {
  return turned(quarters + 1, isMirrored);
}

/** Left and right of the screen change places, however the frame is turned. */
export function flippedHorizontally({ quarters, isMirrored }: Turn): Turn {
  return turned(-quarters, !isMirrored);
}

export function flippedVertically({ quarters, isMirrored }: Turn): Turn {
  return turned(2 - quarters, !isMirrored);
}

/** Said on the image, so that nobody takes a turned frame for one as it was taken. */
export function turnText({ quarters, isMirrored }: Turn): string {
  return [
    isMirrored ? t("Mirrored") : "",
    quarters > 0 ? t("Turned {degrees}°", { degrees: quarters * 90 }) : "",
  ]
    .filter(Boolean)
    .join("  ");
}

/**
 * Half of the height that a viewport shows, in mm (image pixels where the spacing is unknown), where
 * the frame as it is turned just fits into it.
 */
export function fittedScale(
  { rows, columns, spacing }: Pick<Geometry, "rows" | "columns" | "spacing">,
  { quarters }: Turn,
  { clientWidth, clientHeight }: Pick<HTMLElement, "clientWidth" | "clientHeight">,
): number {
  const tall = rows * (spacing?.[0] ?? 1);
  const wide = columns * (spacing?.[1] ?? 1);
  const [height, width] = quarters % 2 === 0 ? [tall, wide] : [wide, tall];
  return Math.max(height, (width * clientHeight) / clientWidth) / 2;
}
