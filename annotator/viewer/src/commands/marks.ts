import { t } from "../i18n";
import type { CommandGroup } from "./command";

export const MARKS: CommandGroup = {
  title: t("Marks"),
  commands: [
    { name: "length", keys: ["l"], says: t("Measure a length"), act: ({ screen }) => screen.toolbox.take("length") },
    {
      name: "measure",
      keys: ["m"],
      says: t("Enter the measured length"),
      act: ({ panel, regions }) => {
        const length = regions.measured();
        if (length !== null) panel.numberField()?.put(Math.round(length * 10) / 10);
      },
    },
    { name: "remove", keys: ["Delete", "Backspace"], says: t("Remove the selected mark"), act: ({ regions }) => regions.removeSelected() },
  ],
};
