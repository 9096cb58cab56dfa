import { t } from "../i18n";
import type { Layout } from "../viewer/hanging";
import type { Act, CommandGroup } from "./command";

const lay = (layout: Layout | null): Act => ({ screen }) => screen.lay(layout);

export const LAYOUT: CommandGroup = {
  title: t("Layout"),
  commands: [
    { name: "oneUp", keys: ["d"], says: t("This viewport alone, and back"), act: ({ screen }) => screen.toggleOneUp() },
    { name: "layHung", keys: ["Alt+0"], says: t("As the project hangs the scans"), act: lay(null) },
    { name: "layOne", keys: ["Alt+1"], says: t("One scan at a time"), act: lay("1x1") },
    { name: "layTwo", keys: ["Alt+2"], says: t("Two side by side"), act: lay("1x2") },
    { name: "layFour", keys: ["Alt+3"], says: t("Two by two"), act: lay("2x2") },
    { name: "layPlanes", keys: ["Alt+4"], says: t("Planes through a volume (MPR)"), act: lay("mpr") },
    { name: "nextViewport", keys: ["."], says: t("Next viewport or page"), act: ({ screen }) => screen.step(1) },
    { name: "previousViewport", keys: [","], says: t("Previous viewport or page"), act: ({ screen }) => screen.step(-1) },
    { name: "link", keys: ["j"], says: t("Link scrolling, zoom, pan and window"), act: ({ screen }) => screen.toggleLinked() },
  ],
};
