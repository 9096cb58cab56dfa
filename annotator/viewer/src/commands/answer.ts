import { t } from "../i18n";
import type { CommandGroup } from "./command";

export const ANSWER: CommandGroup = {
  title: t("Answer"),
  commands: [
    {
      name: "submit",
      keys: ["Enter", "Ctrl+Enter"],
      says: t("Submit the answer; close an outline that is being drawn"),
      act: ({ room, screen }) => {
        if (!screen.toolbox.finish()) void room.submit();
      },
    },
    {
      name: "skip",
      keys: ["x"],
      says: t("Cannot be judged"),
      act: ({ room, skip }) => {
        if (room.state === "ready") skip.open();
      },
    },
    { name: "comment", keys: ["c"], says: t("Comment"), act: ({ panel }) => panel.focusComment() },
    { name: "takeBack", keys: ["u"], says: t("Take back the last submission"), act: ({ room }) => void room.undo() },
    {
      name: "cancel",
      keys: ["Escape"],
      says: t("Close, leave a field, put a tool down"),
      act: ({ screen, regions, stage, room }) => {
        if (screen.active && screen.toolbox.cancel(screen.active)) return;
        regions.putDown();
        stage.focus({ preventScroll: true });
        room.refresh();
      },
    },
    { name: "help", keys: ["?"], says: t("These keys"), act: ({ help }) => help.toggle() },
  ],
};
