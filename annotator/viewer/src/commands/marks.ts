import { t } from "../i18n";
import type { Act, CommandGroup } from "./command";

const step = (direction: "undo" | "redo"): Act => ({ regions, room }) => {
  if (room.state === "ready" && regions[direction](room.sheet)) room.changed();
};

/** One decimal, as it is shown. Pixels are no answer to a question about millimetres. */
const enterMeasured: Act = ({ panel, regions }) => {
  const { measured } = regions;
  if (measured && measured.unit !== "px") panel.numberField()?.put(Math.round(measured.value * 10) / 10);
};

export const MARKS: CommandGroup = {
  title: t("Marks"),
  commands: [
    { name: "length", keys: ["l"], says: t("Measure a length"), act: ({ screen }) => screen.toolbox.take("length") },
    { name: "angle", keys: ["q"], says: t("Measure an angle: drag one side, click the end of the other"), act: ({ screen }) => screen.toolbox.take("angle") },
    { name: "measure", keys: ["m"], says: t("Enter what was measured"), act: enterMeasured },
    { name: "nextMark", keys: ["t"], says: t("Next mark"), act: ({ regions, room }) => regions.showNext(room.sheet) },
    { name: "relabel", keys: ["Alt+l"], says: t("Another label for the selected mark"), act: ({ regions, room }) => regions.relabel(room.sheet) },
    { name: "remove", keys: ["Delete", "Backspace"], says: t("Remove the selected mark"), act: ({ regions, room }) => regions.removeSelected(room.sheet) },
    { name: "undo", keys: ["Ctrl+z"], says: t("Take back the last change of the marks"), repeats: true, act: step("undo") },
    { name: "redo", keys: ["Ctrl+Shift+z", "Ctrl+y"], says: t("Do again what was taken back"), repeats: true, act: step("redo") },
  ],
};
