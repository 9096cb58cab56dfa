import { Enums } from "@cornerstonejs/core";

import { COMMANDS } from "../commands";
import { t } from "../i18n";
import { isPaintTool, type Toolbox, type ToolName } from "../viewer/toolbox";
import { make } from "./dom";
import { icon } from "./icons";
import type { Keymap } from "./keymap";

interface Shown {
  command: string;
  text: string;
  /** Pressed while this tool is in hand. */
  tool?: ToolName;
  /** Said in words where there is room; the others' pictures say it better. */
  isNamed?: true;
  /** A gap before it: what follows is of another kind. */
  begins?: true;
}

/** What is offered under the image; everything else is on a key alone. */
const SHOWN: readonly Shown[] = [
  { command: "window", text: t("Window"), tool: "window", isNamed: true },
  { command: "zoom", text: t("Zoom"), tool: "zoom", isNamed: true },
  { command: "pan", text: t("Pan"), tool: "pan" },
  { command: "scroll", text: t("Slices"), tool: "scroll", isNamed: true },
  { command: "length", text: t("Length"), tool: "length", isNamed: true, begins: true },
  { command: "angle", text: t("Angle"), tool: "angle", isNamed: true },
  { command: "eraser", text: t("Eraser"), tool: "eraser", isNamed: true, begins: true },
  { command: "threshold", text: t("Threshold"), tool: "threshold", isNamed: true },
  { command: "segment", text: t("Outline"), tool: "segment", isNamed: true },
  { command: "invert", text: t("Invert"), begins: true },
  { command: "fit", text: t("Fit") },
  { command: "actual", text: t("1:1") },
  { command: "rotate", text: t("Turn") },
  { command: "flipHorizontally", text: t("Flip left and right") },
  { command: "flipVertically", text: t("Flip top and bottom") },
  { command: "smooth", text: t("Pixels") },
  { command: "oneUp", text: t("One-up"), isNamed: true, begins: true },
  { command: "layPlanes", text: t("MPR") },
  { command: "link", text: t("Link"), isNamed: true },
  { command: "magnify", text: t("Magnify"), begins: true },
  { command: "cine", text: t("Cine") },
];

/** Buttons for the tools, with their keys. */
export function fillToolbar(
  bar: HTMLElement,
  toolbox: Toolbox,
  keymap: Keymap,
  hasMasks: boolean,
  act: (command: string) => void,
): void {
  const shown = SHOWN.filter(({ tool }) => hasMasks || !tool || !isPaintTool(tool));
  const buttons = shown.map((one) => ({ button: toolButton(one, keymap, act), tool: one.tool }));
  bar.replaceChildren(...buttons.map(({ button }) => button));
  const mark = (current: ToolName): void => {
    for (const { button, tool } of buttons) {
      if (tool) button.setAttribute("aria-pressed", String(tool === current));
    }
  };
  toolbox.onChange = mark;
  mark(toolbox.current);
  keepOneRow(bar);
}

function toolButton({ command, text, isNamed, begins }: Shown, keymap: Keymap, act: (command: string) => void): HTMLButtonElement {
  const says = COMMANDS.find(({ name }) => name === command)?.says ?? text;
  const button = make(
    "button",
    { type: "button", class: "tool", "data-tool": command, title: says, tabindex: "-1", onclick: () => act(command) },
  );
  const [picture, cap] = [icon(command), keymap.cap(command)];
  button.classList.toggle("begins", begins === true);
  button.classList.toggle("is-named", isNamed === true || !picture);
  button.append(...(picture ? [picture] : []), make("span", { class: "tool-name" }, text), cap);
  // The key is told in the tip, as it is when the pointer comes: it may have been changed.
  button.addEventListener("pointerenter", () => (button.title = `${says} (${cap.textContent})`));
  return button;
}

/** From names with keys to pictures alone: the first form that fits is taken. */
const FORMS = ["named", "keyed", "plain"] as const;

/**
 * Says as much of each tool as one row has room for, whatever the width and the language. All tools
 * are measured, those of other scans too: nothing moves from case to case.
 */
function keepOneRow(bar: HTMLElement): void {
  new ResizeObserver(() => {
    bar.toggleAttribute("data-measured", true);
    for (const form of FORMS) {
      bar.dataset["form"] = form;
      if (bar.scrollWidth <= bar.clientWidth) break;
    }
    bar.toggleAttribute("data-measured", false);
  }).observe(bar);
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
