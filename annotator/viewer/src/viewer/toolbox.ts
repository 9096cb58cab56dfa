import {
  addTool,
  annotation,
  BrushTool,
  cancelActiveManipulations,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  type Types,
  utilities,
  ZoomTool,
} from "@cornerstonejs/tools";

import type { Cell } from "./cell";
import { LabelledBoxTool } from "./labelledbox";
import { followWindowDrags, WindowDragTool } from "./windowdrag";

const GROUP = "reading-room";
const ERASER = "Eraser";
const PINCH = "Pinch";
const BRUSHES = [BrushTool.toolName, ERASER];
const { Primary, Secondary, Auxiliary } = Enums.MouseBindings;

/** What the left mouse button does. */
export type ToolName = "window" | "zoom" | "pan" | "scroll" | "length" | "box" | "brush" | "eraser";

const TOOLS: Record<ToolName, string> = {
  window: WindowDragTool.toolName,
  zoom: ZoomTool.toolName,
  pan: PanTool.toolName,
  scroll: StackScrollTool.toolName,
  length: LengthTool.toolName,
  box: LabelledBoxTool.toolName,
  brush: BrushTool.toolName,
  eraser: ERASER,
};

/** The other two buttons keep their tools whatever the left one does. */
const FIXED: readonly (readonly [tool: string, button: Enums.MouseBindings])[] = [
  [ZoomTool.toolName, Secondary],
  [PanTool.toolName, Auxiliary],
];

/** Lengths: seen on bone and on air, and no colour that a label has. */
const LINES = Object.fromEntries([
  ...["", "Highlighted", "Selected"].map((state) => [`color${state}`, "#8fe3d2"]),
  ...["", "Highlighted", "Selected"].map((state) => [`textBoxColor${state}`, "#8fe3d2"]),
  ["lineWidth", "1.5"],
]) as Record<string, string>;

interface Measured {
  cachedStats: Record<string, { length?: number; unit?: string } | undefined>;
}

/** One decimal, as it is entered into a number field. */
function lengthText({ cachedStats }: Measured, target: string): string[] {
  const { length, unit } = cachedStats[target] ?? {};
  return length === undefined ? [] : [`${length.toFixed(1)} ${unit ?? ""}`];
}

/** The tools of every viewport, one of them in the reader's hand. */
export class Toolbox {
  private readonly group: Types.IToolGroup;
  private current_: ToolName = "window";
  onChange: (tool: ToolName) => void = () => undefined;

  constructor() {
    for (const tool of [
      WindowDragTool, ZoomTool, PanTool, StackScrollTool, LengthTool, LabelledBoxTool, BrushTool,
    ]) {
      addTool(tool);
    }
    const group = ToolGroupManager.createToolGroup(GROUP);
    if (!group) throw new Error("The tools were set up twice.");
    this.group = group;
    group.addTool(WindowDragTool.toolName);
    // Upwards is larger; fingers that part are larger too, which the same setting would turn round.
    group.addTool(ZoomTool.toolName, { invert: true, pinchToZoom: false });
    group.addToolInstance(PINCH, ZoomTool.toolName);
    group.addTool(PanTool.toolName);
    group.addTool(StackScrollTool.toolName);
    group.addTool(LengthTool.toolName, { getTextLines: lengthText });
    group.addTool(LabelledBoxTool.toolName, {
      calculateStats: false,
      getTextLines: (data: { label?: string }) => (data.label ? [data.label] : []),
    });
    group.addTool(BrushTool.toolName);
    group.addToolInstance(ERASER, BrushTool.toolName, { activeStrategy: "ERASE_INSIDE_CIRCLE" });
    annotation.config.style.setDefaultToolStyles({
      global: { ...annotation.config.style.getDefaultToolStyles()?.["global"], ...LINES },
    });
    // Passive: what has been drawn can be moved and resized with any tool in hand.
    group.setToolPassive(LengthTool.toolName);
    group.setToolPassive(LabelledBoxTool.toolName);
    this.take("window");
  }

  get current(): ToolName {
    return this.current_;
  }

  add(cell: Cell): void {
    this.group.addViewport(cell.id, "reading-room");
    followWindowDrags(cell);
  }

  remove(cell: Cell): void {
    this.group.removeViewports("reading-room", cell.id);
  }

  take(tool: ToolName): void {
    this.group.setToolPassive(TOOLS[this.current_], {
      removeAllBindings: [{ mouseButton: Primary }],
    });
    // A brush that is merely passive still draws its circle.
    for (const brush of BRUSHES) this.group.setToolDisabled(brush);
    this.group.setToolActive(TOOLS[tool], { bindings: [{ mouseButton: Primary }] });
    for (const [name, button] of FIXED) {
      this.group.setToolActive(name, { bindings: [{ mouseButton: button }] });
    }
    this.group.setToolActive(PINCH, { bindings: [{ numTouchPoints: 2 }] });
    this.current_ = tool;
    this.onChange(tool);
  }

  /** Radius in mm, or in pixels where the spacing is unknown. */
  get brushRadius(): number {
    return utilities.segmentation.getBrushSizeForToolGroup(GROUP, BrushTool.toolName);
  }

  set brushRadius(radius: number) {
    for (const brush of BRUSHES) {
      utilities.segmentation.setBrushSizeForToolGroup(GROUP, radius, brush);
    }
  }

  /** Lets go of what is being drawn. */
  cancel(cell: Cell): boolean {
    return cancelActiveManipulations(cell.element) !== undefined;
  }
}
