import type { Types as Core } from "@cornerstonejs/core";
import { drawing, type Types } from "@cornerstonejs/tools";

/** Above the mark's highest point, CSS pixels: the text's own height and a gap. */
const RISE = 22;

/**
 * Writes a mark's label on its upper edge. Cornerstone's own texts stand beside their marks, on a line
 * of their own, where they hide anatomy and can be dragged away.
 */
export function drawLabel(
  helper: Types.SVGDrawingHelper,
  uid: string,
  text: string,
  around: readonly Core.Point2[],
  color: string,
  aside = 0,
): void {
  if (text === "" || around.length === 0) return;
  const left = Math.min(...around.map(([x]) => x));
  const top = Math.min(...around.map(([, y]) => y));
  drawing.drawTextBox(helper, uid, "label", [text], [left + aside, Math.max(0, top - RISE)], {
    color,
    fontSize: "13px",
    padding: 2,
    shadow: true,
  });
}

/** CSS pixels from a point to the nearest place of a line through `corners`. */
export function distanceTo(corners: readonly Core.Point2[], [x, y]: Core.Point2, isClosed: boolean): number {
  const ends = isClosed ? [...corners, corners[0] as Core.Point2] : corners;
  return ends.slice(1).reduce((nearest, [toX, toY], index) => {
    const [fromX, fromY] = ends[index] as Core.Point2;
    const [alongX, alongY] = [toX - fromX, toY - fromY];
    const length = alongX ** 2 + alongY ** 2;
    const share = length === 0 ? 0 : ((x - fromX) * alongX + (y - fromY) * alongY) / length;
    const at = Math.min(1, Math.max(0, share));
    return Math.min(nearest, Math.hypot(x - fromX - at * alongX, y - fromY - at * alongY));
  }, Infinity);
}

/** Of a closed outline, the edge that lies nearest to a point: the number of its first corner. */
export function nearestEdge(corners: readonly Core.Point2[], point: Core.Point2): number {
  const away = corners.map((corner, at) => distanceTo([corner, corners[(at + 1) % corners.length] ?? corner], point, false));
  return away.indexOf(Math.min(...away));
}
