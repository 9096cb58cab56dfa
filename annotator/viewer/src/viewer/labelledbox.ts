import { getEnabledElement, type Types as Core } from "@cornerstonejs/core";
import { RectangleROITool, type Types } from "@cornerstonejs/tools";

import { distanceTo, drawLabel } from "./labeltext";

export type Drawn = Types.Annotation;
type LabelOptions = Parameters<RectangleROITool["renderLinkedTextBoxAnnotation"]>[0];

/** The corners in the order of the outline: Cornerstone keeps them row by row. */
const ROUND = [0, 1, 3, 2] as const;

/** Rectangles with their label on the upper edge, which may be turned. */
export class LabelledBoxTool extends RectangleROITool {
  static override toolName = "LabelledBox";

  constructor(...props: ConstructorParameters<typeof RectangleROITool>) {
    super(...props);
    const drag = this._dragCallback;
    this._dragCallback = (event) => {
      const { handleIndex, newAnnotation, annotation } = this.editData ?? {};
      drag(event);
      if (annotation && handleIndex !== undefined && !newAnnotation) this.keepTurn(annotation, handleIndex);
    };
    const select = this.handleSelectedCallback;
    this.handleSelectedCallback = (event, annotation, handle) => {
      this.before = (annotation.data.handles?.points ?? []).map((point) => [...point] as Core.Point3);
      select(event, annotation, handle);
    };
    // Cornerstone's own takes every box for a straight one.
    this.isPointNearTool = (element, annotation, canvas, proximity) => {
      const viewport = getEnabledElement(element)?.viewport;
      const points = annotation.data.handles?.points ?? [];
      const corners = ROUND.flatMap((at) => points[at] ?? []).length === 12
        ? ROUND.map((at) => viewport?.worldToCanvas(points[at] as Core.Point3) as Core.Point2)
        : [];
      return corners.length === 4 && distanceTo(corners, canvas, true) <= proximity;
    };
  }

  /** The corners as they were when one of them was taken. */
  private before: Core.Point3[] = [];

  override renderLinkedTextBoxAnnotation(options: LabelOptions): boolean {
    const { annotation, canvasCoordinates, styleSpecifier, svgDrawingHelper, textLines } = options;
    const { color } = this.getAnnotationStyle({ annotation, styleSpecifier }) as { color: string };
    drawLabel(svgDrawingHelper, annotation.annotationUID ?? "", textLines[0] ?? "", canvasCoordinates, color);
    return true;
  }

  /** Moves a corner with the opposite one held: Cornerstone's own way straightens a turned box. */
  private keepTurn(annotation: Drawn, index: number): void {
    const points = annotation.data.handles?.points;
    const moved = points?.[index];
    const fixed = this.before[3 - index];
    const [one, other] = index === 0 || index === 3 ? [1, 2] : [0, 3];
    if (!points || !moved || !fixed) return;
    const away = minus(moved, fixed);
    for (const at of [one, other]) {
      const side = minus(this.before[at] as Core.Point3, fixed);
      const share = dot(away, side) / dot(side, side);
      points[at] = [0, 1, 2].map((axis) => (fixed[axis] ?? 0) + share * (side[axis] ?? 0)) as Core.Point3;
    }
    points[3 - index] = [...fixed];
  }
}

function minus(a: Core.Point3, b: Core.Point3): Core.Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Core.Point3, b: Core.Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
