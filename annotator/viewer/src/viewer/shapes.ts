import type { BoxMark, EllipseMark, Mark, MarkKind, PointMark, PolygonMark } from "../answers/marks";
import { POINT_WIDTH } from "../answers/result";
import type { Pixel } from "./plane";

interface Size {
  rows: number;
  columns: number;
}

/** What a mark looks like, without its place and name. */
export type Shape =
  | Omit<PointMark, keyof NamedPlace>
  | Omit<BoxMark, keyof NamedPlace>
  | Omit<EllipseMark, keyof NamedPlace>
  | Omit<PolygonMark, keyof NamedPlace>;
type NamedPlace = Pick<Mark, "id" | "question" | "label" | "item">;

/** Marks thinner than this many pixels are clicks that did not become one. */
const THINNEST = 1;
/** Degrees: what a turned screen leaves of a straight edge. */
const STRAIGHT = 0.01;
/** A ten-thousandth of a percent is a tenth of a thousandth of a pixel in the widest scans. */
const POLYGON_DECIMALS = 1e4;

/** A pixel's centre is a whole number, so the frame's left edge lies at -0.5. */
function toPercent({ column, row }: Pixel, { rows, columns }: Size): [x: number, y: number] {
  return [((column + 0.5) / columns) * 100, ((row + 0.5) / rows) * 100];
}

function toPixel(x: number, y: number, { rows, columns }: Size): Pixel {
  return { column: (x / 100) * columns - 0.5, row: (y / 100) * rows - 0.5 };
}

const inside = (percent: number): number => Math.min(100, Math.max(0, percent));

const minus = (a: Pixel, b: Pixel): Pixel => ({ column: a.column - b.column, row: a.row - b.row });
const plus = (a: Pixel, b: Pixel, times = 1): Pixel => ({
  column: a.column + times * b.column,
  row: a.row + times * b.row,
});
const long = ({ column, row }: Pixel): number => Math.hypot(column, row);
/** Degrees clockwise on the screen, from 0 to below 360. */
const turnOf = ({ column, row }: Pixel): number => ((Math.atan2(row, column) * 180) / Math.PI + 360) % 360;
const turned = (length: number, degrees: number): Pixel => ({
  column: length * Math.cos((degrees * Math.PI) / 180),
  row: length * Math.sin((degrees * Math.PI) / 180),
});

/**
 * The points by which Cornerstone knows a mark, in pixels. Point: itself. Box: upper left and right,
 * lower left and right. Ellipse: the ends of its axes, upper, lower, left, right. Polygon: its corners.
 */
export function handlesOf(mark: Shape, size: Size): Pixel[] {
  switch (mark.kind) {
    case "point":
      return [toPixel(mark.x, mark.y, size)];
    case "box": {
      const corner = toPixel(mark.x, mark.y, size);
      const across = turned((mark.width / 100) * size.columns, mark.rotation);
      const down = turned((mark.height / 100) * size.rows, mark.rotation + 90);
      return [corner, plus(corner, across), plus(corner, down), plus(plus(corner, across), down)];
    }
    case "ellipse": {
      const centre = toPixel(mark.x, mark.y, size);
      const across = turned((mark.radiusX / 100) * size.columns, mark.rotation);
      const down = turned((mark.radiusY / 100) * size.rows, mark.rotation + 90);
      return [plus(centre, down, -1), plus(centre, down), plus(centre, across, -1), plus(centre, across)];
    }
    case "polygon":
      return mark.points.map(([x, y]) => toPixel(x, y, size));
  }
}

/** The mark of a kind that has these points, kept in the frame; undefined where it is too thin. */
export function shapeOf(kind: MarkKind, handles: readonly Pixel[], size: Size): Shape | undefined {
  const [first, second, third, fourth] = handles;
  if (kind === "polygon") return polygon(handles, size);
  if (kind === "point") return first && point(first, size);
  if (!first || !second || !third || !fourth) return undefined;
  return kind === "box" ? box([first, second, third, fourth], size) : ellipse([first, second, third, fourth], size);
}

function point(pixel: Pixel, size: Size): Shape {
  const [x, y] = toPercent(pixel, size);
  return { kind: "point", x: inside(x), y: inside(y), width: POINT_WIDTH };
}

type Four = readonly [Pixel, Pixel, Pixel, Pixel];

function box(corners: Four, size: Size): Shape | undefined {
  const [first, second, third] = corners;
  const [one, other] = [minus(second, first), minus(third, first)];
  // Dragged from right to left, the sides come in the other order: clockwise they must be.
  const isClockwise = one.column * other.row - one.row * other.column > 0;
  const [across, down] = isClockwise ? [one, other] : [other, one];
  const rotation = turnOf(across);
  const isStraight = Math.abs(rotation - Math.round(rotation / 90) * 90) < STRAIGHT;
  if (isStraight) return straightBox(corners, size);
  if (Math.min(long(across), long(down)) < THINNEST) return undefined;
  const [x, y] = toPercent(first, size);
  const width = (long(across) / size.columns) * 100;
  return { kind: "box", x, y, width, height: (long(down) / size.rows) * 100, rotation };
}

/** Cut off at the frame's edges. */
function straightBox(corners: Four, size: Size): Shape | undefined {
  const percent = corners.map((corner) => toPercent(corner, size));
  const across = percent.map(([x]) => inside(x));
  const down = percent.map(([, y]) => inside(y));
  const [x, y] = [Math.min(...across), Math.min(...down)];
  const [width, height] = [Math.max(...across) - x, Math.max(...down) - y];
  const isThin = (width / 100) * size.columns < THINNEST || (height / 100) * size.rows < THINNEST;
  return isThin ? undefined : { kind: "box", x, y, width, height, rotation: 0 };
}

function ellipse([upper, lower, left, right]: Four, size: Size): Shape | undefined {
  const [across, down] = [minus(right, left), minus(lower, upper)];
  if (Math.min(long(across), long(down)) < THINNEST) return undefined;
  const [x, y] = toPercent(plus(left, across, 0.5), size);
  // The axis nearer to the rows is the horizontal one: an upright ellipse is not a turned one.
  const slope = ((turnOf(across) + 45) % 180) - 45;
  const [horizontal, vertical, turn] = slope < 45 ? [across, down, slope] : [down, across, slope - 90];
  return {
    kind: "ellipse",
    x: inside(x),
    y: inside(y),
    radiusX: (long(horizontal) / 2 / size.columns) * 100,
    radiusY: (long(vertical) / 2 / size.rows) * 100,
    rotation: Math.abs(turn) < STRAIGHT ? 0 : (turn + 360) % 360,
  };
}

function polygon(corners: readonly Pixel[], size: Size): Shape | undefined {
  const rounded = (percent: number): number => Math.round(inside(percent) * POLYGON_DECIMALS) / POLYGON_DECIMALS;
  const points = corners.map((corner) => {
    const [x, y] = toPercent(corner, size);
    return [rounded(x), rounded(y)] as const;
  });
  if (points.length < 3 || polygonArea(corners) < THINNEST) return undefined;
  return { kind: "polygon", points };
}

/** In square pixels: the shoelace formula. */
export function polygonArea(corners: readonly Pixel[]): number {
  const twice = corners.reduce((sum, { column, row }, index) => {
    const next = corners[(index + 1) % corners.length] as Pixel;
    return sum + column * next.row - next.column * row;
  }, 0);
  return Math.abs(twice) / 2;
}
