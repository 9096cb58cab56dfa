import type { Scan } from "../types";
import type { Point } from "./plane";
import type { Turn } from "./turn";
import type { Window } from "./windows";

/** What a pointer is on. */
export interface Reading {
  /** Column and row of the frame, or the point in the volume, as it is told to the reader. */
  place: string;
  /** In modality units; three of a colour. */
  values: readonly number[];
}

/** A viewport as its overlay sees it, whether it shows frames or planes through a volume. */
export interface View {
  readonly element: HTMLElement;
  readonly scan: Scan;
  /** Something is on the screen. */
  readonly isShown: boolean;
  readonly window: Window;
  readonly inverted: boolean;
  readonly turn: Turn;
  /** Device pixels for one image pixel. */
  readonly zoom: number;
  /** mm (image pixels where the spacing is unknown) for one CSS pixel. */
  readonly worldPerPixel: number;
  /** World vectors to the right and down on the screen, of any length. */
  readonly directions: { right: Point; down: Point };
  /** The slice on the screen, from 1, and how many there are. */
  readonly slice: { number: number; count: number };
  /** Said under the number of the slice, such as the speed of a cine. */
  readonly remark: string;
  /** Where the slice lies along its normal, mm; null where that is unknown. */
  readonly location: number | null;
  /** What lies under a point of the element, in CSS pixels; null outside the image. */
  read(x: number, y: number): Reading | null;
}
