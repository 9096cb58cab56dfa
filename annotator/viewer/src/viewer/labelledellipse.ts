import { getEnabledElement, type Types as Core } from "@cornerstonejs/core";
import { EllipticalROITool, type Types } from "@cornerstonejs/tools";

import { drawLabel } from "./labeltext";

type LabelOptions = Parameters<EllipticalROITool["renderLinkedTextBoxAnnotation"]>[0];

/** Ellipses with their label on the upper edge, drawn from corner to corner as boxes are. */
export class LabelledEllipseTool extends EllipticalROITool {
  static override toolName = "LabelledEllipse";
  private start: Core.Point3 = [0, 0, 0];

  constructor(...props: ConstructorParameters<typeof EllipticalROITool>) {
    super(...props);
    const begin = this.addNewAnnotation;
    this.addNewAnnotation = (event) => {
      this.start = event.detail.currentPoints.world;
      return begin(event);
    };
    const draw = this._dragDrawCallback;
    this._dragDrawCallback = (event: Types.EventTypes.InteractionEventType) => {
      // Cornerstone's own way draws about the middle, which is then what the drag's middle is.
      if (this.editData) {
        const { world } = event.detail.currentPoints as { world: Core.Point3 };
        Object.assign(this.editData, { centerWorld: world.map((at, axis) => (at + (this.start[axis] ?? 0)) / 2) });
      }
      draw(event);
    };
    // One radius at a time, along its own axis: Cornerstone's own takes every ellipse for a straight one.
    this._dragHandle = (event: Types.EventTypes.InteractionEventType) => this.dragAxis(event);
  }

  override renderLinkedTextBoxAnnotation(options: LabelOptions): boolean {
    const { annotation, styleSpecifier, svgDrawingHelper, textLines, placementPoints, canvasCoordinates } = options;
    const { color } = this.getAnnotationStyle({ annotation, styleSpecifier }) as { color: string };
    const around = placementPoints ?? canvasCoordinates;
    const [left, top] = [0, 1].map((axis) => Math.min(...around.map((point) => point[axis] ?? 0))) as [number, number];
    const right = Math.max(...around.map(([x]) => x));
    // In the middle: at its corners an ellipse is far from its label.
    const uid = annotation.annotationUID ?? "";
    drawLabel(svgDrawingHelper, uid, textLines[0] ?? "", [[(left + right) / 2, top]], color, -12);
    return true;
  }

  private dragAxis({ detail }: Types.EventTypes.InteractionEventType): void {
    const { annotation, handleIndex } = this.editData ?? {};
    const points = annotation?.data.handles?.points;
    if (!points || handleIndex === undefined || !getEnabledElement(detail.element)) return;
    const opposite = handleIndex ^ 1;
    const [taken, other] = [points[handleIndex] as Core.Point3, points[opposite] as Core.Point3];
    const centre = taken.map((at, axis) => (at + (other[axis] ?? 0)) / 2);
    const arm = taken.map((at, axis) => at - (centre[axis] ?? 0));
    const { world } = detail.currentPoints as { world: Core.Point3 };
    const squared = arm.reduce((sum, along) => sum + along ** 2, 0);
    const share = arm.reduce((sum, along, axis) => sum + along * ((world[axis] ?? 0) - (centre[axis] ?? 0)), 0) / squared;
    // Not past the centre, where the axis would have no direction left.
    const length = Math.max(share, 0.01);
    points[handleIndex] = centre.map((at, axis) => at + length * (arm[axis] ?? 0)) as Core.Point3;
    points[opposite] = centre.map((at, axis) => at - length * (arm[axis] ?? 0)) as Core.Point3;
  }
}
