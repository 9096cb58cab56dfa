import type { Question, QuestionKind, RegionKind } from "../types";

/** What every mark has: whose label it carries, and the frame that it lies on. */
export interface Placed {
  id: string;
  question: string;
  label: string;
  /** Frame, counted over all the task's scans in their order. */
  item: number;
}

/** All coordinates are in percent of the frame, as Label Studio stores them. */
export interface PointMark extends Placed {
  kind: "point";
  x: number;
  y: number;
  /** Of the dot that Label Studio draws. */
  width: number;
}

/** `rotation`: degrees clockwise about the first corner (x, y). */
export interface BoxMark extends Placed {
  kind: "box";
  x: number;
  y: number;
  width: number;
  height: number;
  rotation: number;
}

/** `rotation`: degrees clockwise about the centre (x, y). */
export interface EllipseMark extends Placed {
  kind: "ellipse";
  x: number;
  y: number;
  radiusX: number;
  radiusY: number;
  rotation: number;
}

/** A closed outline, drawn by corners or by hand. */
export interface PolygonMark extends Placed {
  kind: "polygon";
  points: readonly (readonly [x: number, y: number])[];
}

export type Mark = PointMark | BoxMark | EllipseMark | PolygonMark;
export type MarkKind = Mark["kind"];

/** The painted pixels of one label on one frame, run-length coded. */
export interface Mask extends Placed {
  rle: number[];
}

/** Which question kind asks for which kind of mark; masks are painted, not drawn. */
export const DRAWN_BY: Readonly<Record<Exclude<RegionKind, "masks">, MarkKind>> = {
  points: "point",
  boxes: "box",
  ellipses: "ellipse",
  polygons: "polygon",
};

const REGION_KINDS: ReadonlySet<QuestionKind> = new Set([...Object.keys(DRAWN_BY), "masks"] as RegionKind[]);

export function isRegionKind(kind: QuestionKind): kind is RegionKind {
  return REGION_KINDS.has(kind);
}

/** Whether a per-region question is asked of this mark. */
export function isAskedOf(question: Question, mark: Placed): boolean {
  const { per_region, when_labels = [], when_tag } = question;
  if (!per_region) return false;
  if (when_tag && when_tag !== mark.question) return false;
  return when_labels.length === 0 || when_labels.includes(mark.label);
}

export function newId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 10);
}
