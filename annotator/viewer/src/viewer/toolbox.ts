import {
  addTool,
  AngleTool,
  annotation,
  cancelActiveManipulations,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  type Types,
  ZoomTool,
} from "@cornerstonejs/tools";

import type { MarkKind } from "../answers/marks";
import type { Cell } from "./cell";
import { TOOL_OF } from "./drawings";
import { LabelledBoxTool } from "./labelledbox";
import { LabelledEllipseTool } from "./labelledellipse";
import { LabelledPointTool } from "./labelledpoint";
import { OutlineTool } from "./outlinetool";
import { followWindowDrags, WindowDragTool } from "./windowdrag";

const GROUP = "reading-room";
const PINCH = "Pinch";
const { Primary, Secondary, Auxiliary } = Enums.MouseBindings;

/** What the left mouse button does. */
export type ToolName = "window" | "zoom" | "pan" | "scroll" | "length" | "angle" | MarkKind | PaintTool;

/** These act through pointers of their own: Cornerstone's left button then does nothing. */
export type PaintTool = "brush" | "eraser" | "threshold" | "segment";

const TOOLS: Record<Exclude<ToolName, PaintTool>, string> = {
  window: WindowDragTool.toolName,
  zoom: ZoomTool.toolName,
  pan: PanTool.toolName,
  scroll: StackScrollTool.toolName,
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  ...TOOL_OF,
};

export function isPaintTool(tool: ToolName): tool is PaintTool {
  return !(tool in TOOLS);
}

/** What goes along with the cells and the tool in hand. */
export interface ToolFollower {
  add(cell: Cell): void;
  remove(cell: Cell): void;
  take(tool: ToolName): void;
  /** Lets go of what the pointer is doing; false where it does nothing. */
  cancel(): boolean;
}

/** The other two buttons keep their tools whatever the left one does. */
const FIXED: readonly (readonly [tool: string, button: Enums.MouseBindings])[] = [
  [ZoomTool.toolName, Secondary],
  [PanTool.toolName, Auxiliary],
];

/** What has been drawn can be moved and changed with any tool in hand. */
const DRAWN = [LengthTool.toolName, AngleTool.toolName, ...Object.values(TOOL_OF)];

/** Lengths and angles: seen on bone and on air, and no colour that a label has. */
const LINES = Object.fromEntries([
  ...["", "Highlighted", "Selected"].map((state) => [`color${state}`, "#8fe3d2"]),
  ...["", "Highlighted", "Selected"].map((state) => [`textBoxColor${state}`, "#8fe3d2"]),
  ["lineWidth", "1.5"],
]) as Record<string, string>;

type Measured = Record<string, { length?: number; angle?: number; unit?: string } | undefined>;

/** One decimal, as it is entered into a number field. */
function measuredText({ cachedStats }: { cachedStats: Measured }, target: string): string[] {
  const { length, angle, unit } = cachedStats[target] ?? {};
  if (typeof angle === "number") return [`${angle.toFixed(1)}°`];
  return typeof length === "number" ? [`${length.toFixed(1)} ${unit ?? ""}`] : [];
}

function labelText({ label }: { label?: string }): string[] {
  return label ? [label] : [];
}

/** The tools of every viewport, one of them in the reader's hand. */
export class Toolbox {
  private readonly group: Types.IToolGroup;
  private current_: ToolName = "window";
  private readonly cells = new Set<Cell>();
  private readonly followers: ToolFollower[] = [];
  onChange: (tool: ToolName) => void = () => undefined;

  constructor() {
    for (const tool of [
      WindowDragTool, ZoomTool, PanTool, StackScrollTool, LengthTool, AngleTool,
      LabelledPointTool, LabelledBoxTool, LabelledEllipseTool, OutlineTool,
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
    for (const tool of [LengthTool, AngleTool]) group.addTool(tool.toolName, { getTextLines: measuredText });
    for (const tool of Object.values(TOOL_OF)) {
      group.addTool(tool, { calculateStats: false, getTextLines: labelText });
    }
    annotation.config.style.setDefaultToolStyles({
      global: { ...annotation.config.style.getDefaultToolStyles()?.["global"], ...LINES },
    });
    for (const tool of DRAWN) group.setToolPassive(tool);
    this.take("window");
  }

  get current(): ToolName {
    return this.current_;
  }

  /** The tool in hand looks and leaves no mark: a click is free for something else. */
  get isLooking(): boolean {
    return ["window", "zoom", "pan", "scroll"].includes(this.current_);
  }

  /** The tool in hand leaves marks that are kept with the answer. */
  get isMarking(): boolean {
    return !this.isLooking && this.current_ !== "length" && this.current_ !== "angle";
  }

  /** Tells of the cells, those there already and those to come, and of the tool in hand. */
  follow(follower: ToolFollower): void {
    this.followers.push(follower);
    for (const cell of this.cells) follower.add(cell);
    follower.take(this.current_);
  }

  add(cell: Cell): void {
    this.cells.add(cell);
    for (const follower of this.followers) follower.add(cell);
    this.group.addViewport(cell.id, "reading-room");
    followWindowDrags(cell);
  }

  remove(cell: Cell): void {
    this.cells.delete(cell);
    for (const follower of this.followers) follower.remove(cell);
    this.group.removeViewports("reading-room", cell.id);
  }

  take(tool: ToolName): void {
    const current = this.current_;
    if (!isPaintTool(current)) {
      this.group.setToolPassive(TOOLS[current], { removeAllBindings: [{ mouseButton: Primary }] });
    }
    if (!isPaintTool(tool)) {
      this.group.setToolActive(TOOLS[tool], { bindings: [{ mouseButton: Primary }] });
    }
    for (const [name, button] of FIXED) {
      this.group.setToolActive(name, { bindings: [{ mouseButton: button }] });
    }
    this.group.setToolActive(PINCH, { bindings: [{ numTouchPoints: 2 }] });
    this.current_ = tool;
    for (const follower of this.followers) follower.take(tool);
    this.onChange(tool);
  }

  /** Closes the outline that is being drawn; false where there is none. */
  finish(): boolean {
    return (this.group.getToolInstance(OutlineTool.toolName) as OutlineTool).finish();
  }

  /** Lets go of what is being drawn. */
  cancel(cell: Cell): boolean {
    const wasFollowing = this.followers.some((follower) => follower.cancel());
    return wasFollowing || cancelActiveManipulations(cell.element) !== undefined;
  }
}
