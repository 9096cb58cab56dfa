import { t } from "../i18n";
import type { CommandGroup } from "./command";

export const MASKS: CommandGroup = {
  title: t("Masks"),
  commands: [
    { name: "eraser", keys: ["e"], says: t("Eraser"), act: ({ regions }) => regions.erase() },
    { name: "smallerBrush", keys: ["["], says: t("Smaller brush"), repeats: true, act: ({ regions }) => regions.resizeBrush(-1) },
    { name: "largerBrush", keys: ["]"], says: t("Larger brush"), repeats: true, act: ({ regions }) => regions.resizeBrush(1) },
  ],
};
