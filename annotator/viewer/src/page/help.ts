import { keyCap, make } from "./dom";
import { COMMANDS, type Command, shownKeys } from "./keys";

/** The list of every key. */
export class Help {
  readonly element: HTMLDialogElement;

  constructor(taken: ReadonlySet<string>, private readonly onClose: () => void) {
    const groups = byGroup();
    this.element = make(
      "dialog",
      { class: "help", "aria-label": "Keys", onclose: () => this.onClose() },
      make(
        "div",
        { class: "help-groups" },
        ...[...groups].map(([group, commands]) => section(group, commands, taken)),
        section("Mouse", [], taken, MOUSE),
      ),
      make("p", { class: "hint" }, "Each answer shows its own key. ", keyCap("Escape"), " closes this list."),
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
  ["Left button", "The tool in hand: window at first"],
  ["Right button", "Zoom"],
  ["Middle button", "Pan"],
  ["Wheel", "Slices; on a single image, zoom"],
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

function byGroup(): Map<string, Command[]> {
  const groups = new Map<string, Command[]>();
  for (const command of COMMANDS) {
    groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  }
  return groups;
}
