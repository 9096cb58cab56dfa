import { t } from "../i18n";
import type { PaintTool } from "../viewer/toolbox";
import { type Act, type CommandGroup, onCell } from "./command";

const paint = (tool: Exclude<PaintTool, "brush">): Act => ({ regions, room }) => {
  regions.paint(tool);
  room.refresh();
};

const resize = (direction: 1 | -1): Act => ({ regions, screen }) => {
  if (screen.active?.image) regions.masks.brush.resize(direction, screen.active.scan);
};

const inMasks = (act: "fillBetween" | "fillHoles"): Act => (parts) => {
  if (parts.regions.masks.isUsed) onCell((cell) => parts.regions.masks[act](cell))(parts);
};

export const MASKS: CommandGroup = {
  title: t("Masks"),
  commands: [
    { name: "eraser", keys: ["e"], says: t("Eraser: the label in hand, or all; again: the brush"), act: paint("eraser") },
    { name: "threshold", keys: ["b"], says: t("Brush for values near the first pixel's; again: the brush"), act: paint("threshold") },
    { name: "segment", keys: ["y"], says: t("Outline what is clicked or boxed; Shift adds, Ctrl or Alt takes away"), act: paint("segment") },
    { name: "fillBetween", keys: ["Alt+b"], says: t("Fill the slices between two painted ones"), act: inMasks("fillBetween") },
    { name: "fillHoles", keys: ["Alt+h"], says: t("Fill the holes of the label in hand"), act: inMasks("fillHoles") },
    { name: "smallerBrush", keys: ["["], says: t("Smaller brush"), repeats: true, act: resize(-1) },
    { name: "largerBrush", keys: ["]"], says: t("Larger brush"), repeats: true, act: resize(1) },
    {
      name: "narrowerThreshold", keys: ["Alt+["], says: t("Fewer values for the threshold brush"), repeats: true,
      act: ({ regions }) => regions.masks.brush.widen(-1),
    },
    {
      name: "widerThreshold", keys: ["Alt+]"], says: t("More values for the threshold brush"), repeats: true,
      act: ({ regions }) => regions.masks.brush.widen(1),
    },
  ],
};
