import type { Toolbox, ToolName } from "../viewer/toolbox";
import { keyCap, make } from "./dom";
import { type CommandName, COMMANDS, shownKeys } from "./keys";

/** What is offered under the image; everything else is on a key alone. */
const SHOWN: readonly (readonly [command: CommandName, text: string, tool?: ToolName])[] = [
  ["window", "Window", "window"],
  ["zoom", "Zoom", "zoom"],
  ["pan", "Pan", "pan"],
  ["scroll", "Slices", "scroll"],
  ["length", "Length", "length"],
  ["eraser", "Eraser", "eraser"],
  ["invert", "Invert"],
  ["fit", "Fit"],
  ["actual", "1:1"],
];

/** Buttons for the tools, with their keys. */
export function fillToolbar(
  bar: HTMLElement,
  toolbox: Toolbox,
  taken: ReadonlySet<string>,
  hasMasks: boolean,
  act: (command: CommandName) => void,
): void {
  const buttons = SHOWN.filter(([command]) => hasMasks || command !== "eraser").map(
    ([name, text, tool]) => {
      const command = COMMANDS.find((other) => other.name === name);
      const [key] = command ? shownKeys(command, taken) : [];
      const button = make(
        "button",
        { type: "button", class: "tool", "data-tool": name, title: command?.says ?? text, tabindex: "-1", onclick: () => act(name) },
        text,
        ...(key ? [keyCap(key)] : []),
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
