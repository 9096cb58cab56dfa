import { COMMANDS } from "../commands";
import { t } from "../i18n";
import { isPaintTool, type Toolbox, type ToolName } from "../viewer/toolbox";
import { make } from "./dom";
import type { Keymap } from "./keymap";

/** What is offered under the image; everything else is on a key alone. */
const SHOWN: readonly (readonly [command: string, text: string, tool?: ToolName])[] = [
  ["window", t("Window"), "window"],
  ["zoom", t("Zoom"), "zoom"],
  ["pan", t("Pan"), "pan"],
  ["scroll", t("Slices"), "scroll"],
  ["length", t("Length"), "length"],
  ["eraser", t("Eraser"), "eraser"],
  ["threshold", t("Threshold"), "threshold"],
  ["segment", t("Outline"), "segment"],
  ["invert", t("Invert")],
  ["fit", t("Fit")],
  ["actual", t("1:1")],
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
        text,
        keymap.cap(name),
      );
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
