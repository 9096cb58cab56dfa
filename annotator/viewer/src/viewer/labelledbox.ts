import { drawing, RectangleROITool, type Types } from "@cornerstonejs/tools";

/** Above the box's upper left corner, CSS pixels. */
const LABEL_RISE = 22;

type LabelOptions = Parameters<RectangleROITool["renderLinkedTextBoxAnnotation"]>[0];

/**
 * Rectangles with their label on the upper edge. Cornerstone's own put it beside, on a line of its
 * own, where it hides anatomy and can be dragged away.
 */
export class LabelledBoxTool extends RectangleROITool {
  static override toolName = "LabelledBox";

  override renderLinkedTextBoxAnnotation(options: LabelOptions): boolean {
    const { annotation, canvasCoordinates, styleSpecifier, svgDrawingHelper, textLines } = options;
    const left = Math.min(...canvasCoordinates.map(([x]) => x));
    const top = Math.min(...canvasCoordinates.map(([, y]) => y));
    const { color } = this.getAnnotationStyle({ annotation, styleSpecifier }) as { color: string };
    drawing.drawTextBox(svgDrawingHelper, annotation.annotationUID ?? "", "label", textLines, [
      left,
      Math.max(0, top - LABEL_RISE),
    ], { color, fontSize: "13px", padding: 2, shadow: true });
    return true;
  }
}

export type Drawn = Types.Annotation;
