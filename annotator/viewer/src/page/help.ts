import { GROUPS } from "../commands";
import type { Command } from "../commands/command";
import { t } from "../i18n";
import { keyCap, make } from "./dom";
import { shownKeys } from "./keys";

/** The list of every key. */
export class Help {
  readonly element: HTMLDialogElement;

  constructor(taken: ReadonlySet<string>, private readonly onClose: () => void) {
    this.element = make(
      "dialog",
      { class: "help", "aria-label": t("Keys"), onclose: () => this.onClose() },
      make(
        "div",
        { class: "help-groups" },
        ...GROUPS.map(({ title, commands }) => section(title, commands, taken)),
        section(t("Mouse"), [], taken, MOUSE),
      ),
      make("p", { class: "hint" }, t("Each answer shows its own key.") + " ", keyCap("Escape"), " " + t("closes this list.")),
    );
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  toggle(): void {
    if (this.isOpen) this.element.close();
    else this.element.showModal();
  }
}

const MOUSE: readonly (readonly [string, string])[] = [
  [t("Left button"), t("The tool in hand: window at first")],
  [t("Right button"), t("Zoom")],
  [t("Middle button"), t("Pan")],
  [t("Wheel"), t("Slices; on a single image, zoom")],
];

function section(
  title: string,
  commands: readonly Command[],
  taken: ReadonlySet<string>,
  plain: readonly (readonly [string, string])[] = [],
): HTMLElement {
  const rows = commands.map((command) => [
    make("dt", {}, ...shownKeys(command, taken).map(keyCap)),
    make("dd", {}, command.says),
  ]);
  const others = plain.map(([what, says]) => [make("dt", {}, what), make("dd", {}, says)]);
  return make("section", {}, make("h2", {}, title), make("dl", {}, ...[...rows, ...others].flat()));
}
