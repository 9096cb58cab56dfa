import { t } from "../i18n";
import type { CommandGroup } from "./command";

export const MODEL: CommandGroup = {
  title: t("Help from the model"),
  commands: [
    { name: "heatMap", keys: ["o"], says: t("Heat map: what speaks for the answer"), act: ({ model }) => model?.heat.toggle() },
    { name: "heatMore", keys: ["Alt+ArrowUp"], says: t("Heat map: more opaque"), repeats: true, act: ({ model }) => model?.heatMap.fade(1) },
    { name: "heatLess", keys: ["Alt+ArrowDown"], says: t("Heat map: less opaque"), repeats: true, act: ({ model }) => model?.heatMap.fade(-1) },
    { name: "acceptSuggestion", keys: ["Alt+Enter"], says: t("Accept the suggestion in hand"), act: ({ model }) => model?.decideInHand("accepted") },
    { name: "rejectSuggestion", keys: ["Alt+Backspace"], says: t("Reject the suggestion in hand"), act: ({ model }) => model?.decideInHand("rejected") },
    { name: "acceptAll", keys: ["Alt+Shift+Enter"], says: t("Accept every suggestion"), act: ({ model }) => model?.decideAll("accepted") },
    { name: "rejectAll", keys: ["Alt+Delete"], says: t("Reject every suggestion"), act: ({ model }) => model?.decideAll("rejected") },
  ],
};
