import { Enums } from "@cornerstonejs/core";

import { COMMANDS } from "../commands";
import { t } from "../i18n";
import { isPaintTool, type Toolbox, type ToolName } from "../viewer/toolbox";
import { make } from "./dom";
import { icon } from "./icons";
import type { Keymap } from "./keymap";

/** What is offered under the image; everything else is on a key alone. */
const SHOWN: readonly (readonly [command: string, text: string, tool?: ToolName])[] = [
  ["window", t("Window"), "window"],
  ["zoom", t("Zoom"), "zoom"],
  ["pan", t("Pan"), "pan"],
  ["scroll", t("Slices"), "scroll"],
  ["length", t("Length"), "length"],
  ["angle", t("Angle"), "angle"],
  ["eraser", t("Eraser"), "eraser"],
  ["threshold", t("Threshold"), "threshold"],
  ["segment", t("Outline"), "segment"],
  ["invert", t("Invert")],
  ["fit", t("Fit")],
  ["actual", t("1:1")],
  ["rotate", t("Turn")],
  ["flipHorizontally", t("Flip left and right")],
  ["flipVertically", t("Flip top and bottom")],
  ["smooth", t("Pixels")],
  ["oneUp", t("One-up")],
  ["layPlanes", t("MPR")],
  ["link", t("Link")],
  ["magnify", t("Magnify")],
  ["cine", t("Cine")],
];

/** Buttons for the tools, with their keys. */
export function fillToolbar(
  bar: HTMLElement,
  toolbox: Toolbox,
  keymap: Keymap,
  hasMasks: boolean,
  act: (command: string) => void,
): void {
  const buttons = SHOWN.filter(([, , tool]) => hasMasks || !tool || !isPaintTool(tool)).map(
    ([name, text, tool]) => {
      const command = COMMANDS.find((other) => other.name === name);
      const button = make(
        "button",
        { type: "button", class: "tool", "data-tool": name, title: command?.says ?? text, tabindex: "-1", onclick: () => act(name) },
      );
      const cap = keymap.cap(name);
      const picture = icon(name);
      if (picture) {
        button.setAttribute("aria-label", text);
        // The key is told in the tip, as it is when the pointer comes: it may have been changed.
        button.append(picture, cap);
        cap.hidden = true;
        button.addEventListener("pointerenter", () => {
          button.title = `${command?.says ?? text} (${cap.textContent})`;
        });
      } else {
        button.append(text, cap);
      }
      return { button, tool };
    },
  );
  bar.replaceChildren(...buttons.map(({ button }) => button));
  const mark = (current: ToolName): void => {
    for (const { button, tool } of buttons) {
      if (tool) button.setAttribute("aria-pressed", String(tool === current));
    }
  };
  toolbox.onChange = mark;
  mark(toolbox.current);
}

/** Shows which of the things that are on or off are on, after each drawing and each press. */
export function followToggles(
  bar: HTMLElement,
  stage: HTMLElement,
  toggles: Readonly<Record<string, () => boolean>>,
): void {
  const mark = (): void => {
    for (const [name, isOn] of Object.entries(toggles)) {
      const button = bar.querySelector(`[data-tool="${name}"]`);
      const pressed = String(isOn());
      if (button?.getAttribute("aria-pressed") !== pressed) button?.setAttribute("aria-pressed", pressed);
    }
  };
  mark();
  bar.addEventListener("click", mark);
  stage.addEventListener("pointerdown", mark);
  window.addEventListener("keydown", mark);
  // Cornerstone's events do not bubble; on their way down they pass the stage.
  stage.addEventListener(Enums.Events.IMAGE_RENDERED, mark, true);
}
