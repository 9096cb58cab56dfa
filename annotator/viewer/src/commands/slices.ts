import { t } from "../i18n";
import { type CommandGroup, onCell } from "./command";

export const SLICES: CommandGroup = {
  title: t("Slices"),
  commands: [
    { name: "scroll", keys: ["s"], says: t("Slices: drag"), act: ({ screen }) => screen.toolbox.take("scroll") },
    { name: "later", keys: ["ArrowDown"], says: t("Next slice"), repeats: true, act: onCell((cell) => cell.scroll(1)) },
    { name: "earlier", keys: ["ArrowUp"], says: t("Previous slice"), repeats: true, act: onCell((cell) => cell.scroll(-1)) },
    { name: "laterTen", keys: ["PageDown"], says: t("Ten slices on"), repeats: true, act: onCell((cell) => cell.scroll(10)) },
    { name: "earlierTen", keys: ["PageUp"], says: t("Ten slices back"), repeats: true, act: onCell((cell) => cell.scroll(-10)) },
    { name: "first", keys: ["Home"], says: t("First slice"), act: onCell((cell) => cell.scroll(-cell.scan.frame_count)) },
    { name: "last", keys: ["End"], says: t("Last slice"), act: onCell((cell) => cell.scroll(cell.scan.frame_count)) },
    { name: "cine", keys: ["k"], says: t("Cine: start or stop"), act: ({ screen, cine }) => { if (screen.active?.image) cine.toggle(screen.active); } },
    { name: "cineFaster", keys: ["Alt+k"], says: t("Cine: faster"), repeats: true, act: ({ cine }) => cine.faster() },
    { name: "cineSlower", keys: ["Alt+Shift+k"], says: t("Cine: slower"), repeats: true, act: ({ cine }) => cine.slower() },
  ],
};
