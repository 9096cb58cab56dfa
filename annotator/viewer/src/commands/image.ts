import { t } from "../i18n";
import { CT_PRESETS } from "../viewer/windows";
import { type Act, type CommandGroup, onCell } from "./command";

/** Far enough to see, near enough to stop at. */
const KEY_DRAG = 12;
const KEY_ZOOM = 1.2;

const preset = (index: number): Act =>
  onCell((cell) => {
    const window = CT_PRESETS[index];
    if (window && cell.scan.geometry.modality === "CT") cell.setWindow(window);
  });

export const IMAGE: CommandGroup = {
  title: t("Image"),
  commands: [
    { name: "window", keys: ["w"], says: t("Window: drag"), act: ({ screen }) => screen.toolbox.take("window") },
    { name: "zoom", keys: ["z"], says: t("Zoom: drag"), act: ({ screen }) => screen.toolbox.take("zoom") },
    { name: "pan", keys: ["p"], says: t("Pan: drag"), act: ({ screen }) => screen.toolbox.take("pan") },
    { name: "invert", keys: ["i"], says: t("Invert"), act: onCell((cell) => cell.invert()) },
    { name: "rotate", keys: ["r"], says: t("Turn clockwise"), act: onCell((cell) => cell.rotate()) },
    { name: "flipHorizontally", keys: ["h"], says: t("Flip left and right"), act: onCell((cell) => cell.flipHorizontally()) },
    { name: "flipVertically", keys: ["v"], says: t("Flip top and bottom"), act: onCell((cell) => cell.flipVertically()) },
    { name: "smooth", keys: ["n"], says: t("Interpolation on or off"), act: onCell((cell) => cell.toggleSmoothing()) },
    { name: "magnify", keys: ["g"], says: t("Magnifying glass on or off"), act: ({ lens }) => lens.toggle() },
    { name: "headerWindow", keys: ["Shift+0"], says: t("The file's own window, then its others"), act: onCell((cell) => cell.showHeaderWindow()) },
    { name: "fit", keys: ["f"], says: t("Fit, upright, and reset the window"), act: onCell((cell) => cell.reset()) },
    { name: "actual", keys: ["a"], says: t("One image pixel to one screen pixel"), act: onCell((cell) => cell.showActualSize()) },
    { name: "closer", keys: ["+", "="], says: t("Zoom in"), repeats: true, act: onCell((cell) => cell.zoomBy(KEY_ZOOM)) },
    { name: "farther", keys: ["-"], says: t("Zoom out"), repeats: true, act: onCell((cell) => cell.zoomBy(1 / KEY_ZOOM)) },
    { name: "brighter", keys: ["Shift+ArrowUp"], says: t("Brighter"), repeats: true, act: onCell((cell) => cell.dragWindow(0, -KEY_DRAG)) },
    { name: "darker", keys: ["Shift+ArrowDown"], says: t("Darker"), repeats: true, act: onCell((cell) => cell.dragWindow(0, KEY_DRAG)) },
    { name: "wider", keys: ["Shift+ArrowRight"], says: t("Less contrast"), repeats: true, act: onCell((cell) => cell.dragWindow(KEY_DRAG, 0)) },
    { name: "narrower", keys: ["Shift+ArrowLeft"], says: t("More contrast"), repeats: true, act: onCell((cell) => cell.dragWindow(-KEY_DRAG, 0)) },
  ],
};

export const CT_WINDOWS: CommandGroup = {
  title: t("CT windows"),
  commands: CT_PRESETS.map(({ name }, index) => ({
    name: `preset${index + 1}`,
    keys: [`Shift+${index + 1}`],
    says: name,
    act: preset(index),
  })),
};
