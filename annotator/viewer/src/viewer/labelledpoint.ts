import { ProbeTool } from "@cornerstonejs/tools";

/** A point with its label beside it; its toolbox says the label in place of the pixel's value. */
export class LabelledPointTool extends ProbeTool {
  static override toolName = "LabelledPoint";
}
