import { decodeMask } from "../answers/rle";
import type { ResultItem, Scan } from "../types";
import type { Pixel } from "./plane";

const ELLIPSE_CORNERS = 48;
/** A point is drawn as a diamond of this radius, in percent of the frame's width. */
const POINT_RADIUS = 1;

type Numbers = Record<string, number>;

/** The corners of a region of a result, in pixels of its frame; none for what cannot be drawn. */
export function outlineOf({ type, value }: ResultItem, { rows, columns }: Scan): Pixel[] {
  const pixel = (x: number, y: number): Pixel => ({ column: x - 0.5, row: y - 0.5 });
  const wide = (percent: number): number => (percent / 100) * columns;
  const high = (percent: number): number => (percent / 100) * rows;
  const { x = 0, y = 0, width = 0, height = 0, rotation = 0, radiusX = 0, radiusY = 0 } = value as Numbers;
  const around = (offsets: readonly (readonly [number, number])[]): Pixel[] =>
    turned(offsets, rotation).map(([across, down]) => pixel(wide(x) + across, high(y) + down));
  switch (type) {
    case "rectanglelabels":
      // Label Studio turns a box about its first corner.
      return around([[0, 0], [wide(width), 0], [wide(width), high(height)], [0, high(height)]]);
    case "ellipselabels":
      return around(
        Array.from({ length: ELLIPSE_CORNERS }, (_, corner) => {
          const angle = (2 * Math.PI * corner) / ELLIPSE_CORNERS;
          return [wide(radiusX) * Math.cos(angle), high(radiusY) * Math.sin(angle)] as const;
        }),
      );
    case "polygonlabels":
      return (value["points"] as [number, number][]).map(([across, down]) => pixel(wide(across), high(down)));
    case "keypointlabels": {
      const radius = wide(POINT_RADIUS);
      return around([[radius, 0], [0, radius], [-radius, 0], [0, -radius]]);
    }
    case "brushlabels":
      return maskExtent(decodeMask(value["rle"] as number[]), columns);
    default:
      return [];
  }
}

function turned(
  offsets: readonly (readonly [number, number])[],
  degrees: number,
): (readonly [number, number])[] {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return offsets.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos] as const);
}

/** The corners of the box around a mask's pixels. */
function maskExtent(mask: Uint8Array, columns: number): Pixel[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < mask.length; at += 1) {
    if (!mask[at]) continue;
    const [column, row] = [at % columns, Math.floor(at / columns)];
    left = Math.min(left, column - 0.5);
    right = Math.max(right, column + 0.5);
    top = Math.min(top, row - 0.5);
    bottom = Math.max(bottom, row + 0.5);
  }
  if (left > right) return [];
  return [
    { column: left, row: top },
    { column: right, row: top },
    { column: right, row: bottom },
    { column: left, row: bottom },
  ];
}
