import type { Command, CommandGroup } from "../commands/command";
import { t } from "../i18n";
import { keyCap, make } from "./dom";
import { isBegun, type KeyChanges, type Keymap, type Plan } from "./keymap";
import { pressed } from "./keys";

interface Row {
  command: Command;
  element: HTMLElement;
  caps: HTMLElement;
  change: HTMLButtonElement;
  reset: HTMLButtonElement;
}

/** The list of every key, where each can be changed. */
export class Help {
  readonly element: HTMLDialogElement;
  private readonly rows: Row[] = [];
  private readonly search: HTMLInputElement;
  private readonly status: HTMLElement;
  private readonly resetAll: HTMLButtonElement;
  /** The row whose new key is awaited, and the exchange that awaits a yes. */
  private asking: Row | null = null;
  private swap: Plan | null = null;

  constructor(
    private readonly keymap: Keymap,
    /** Keeps the changes for this reader; rejects with a sentence where they were not taken. */
    private readonly keep: (changes: KeyChanges) => Promise<void>,
    onClose: () => void,
    groups: readonly CommandGroup[],
  ) {
    this.search = make("input", {
      type: "search",
      class: "help-search",
      "aria-label": t("Find a command"),
      placeholder: t("Find a command"),
      oninput: () => this.filter(),
    });
    this.status = make("p", { class: "help-status", role: "status" }, OFFER);
    this.resetAll = make(
      "button",
      { type: "button", class: "quiet", onclick: () => void this.restore(this.keymap.changed) },
      t("Every key as it was"),
    );
    this.element = make(
      "dialog",
      { class: "help", "aria-label": t("Keys"), onclose: () => this.closed(onClose) },
      make(
        "header",
        { class: "help-head" },
        make("div", { class: "help-find" }, make("h1", {}, t("Keys")), this.search, this.resetAll),
        this.status,
      ),
      make("div", { class: "help-groups" }, ...groups.map((group) => this.group(group)), mouse()),
      make("p", { class: "hint" }, t("Each answer shows its own key.") + " ", keyCap("Escape"), " " + t("closes this list.")),
    );
    // Before the dialog acts on Escape, and before any command.
    this.element.addEventListener("keydown", (event) => this.press(event), { capture: true });
    this.print();
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  toggle(): void {
    if (this.isOpen) return this.element.close();
    this.print();
    this.element.showModal();
    this.search.focus();
  }

  private group({ title, commands }: CommandGroup): HTMLElement {
    const list = make("ul", {}, ...commands.map((command) => this.row(command)));
    return make("section", {}, make("h2", {}, title), list);
  }

  private row(command: Command): HTMLElement {
    const caps = make("span", { class: "help-caps" });
    const change = make("button", { type: "button", class: "help-change", "aria-label": t("Change the key of “{command}”", { command: command.says }), onclick: () => this.ask(row) }, t("Change"));
    const reset = make("button", { type: "button", class: "help-change", "aria-label": t("Give “{command}” its own key again", { command: command.says }), onclick: () => void this.restore([command.name]) }, t("Reset"));
    change.hidden = this.keymap.isFixed(command);
    const element = make("li", { "data-row": command.name }, caps, make("span", { class: "help-says" }, command.says), reset, change);
    const row = { command, element, caps, change, reset };
    this.rows.push(row);
    return element;
  }

  private print(): void {
    for (const { command, caps, reset } of this.rows) {
      const keys = this.keymap.shown(command);
      caps.replaceChildren(...(keys.length > 0 ? keys.map(keyCap) : [t("none")]));
      reset.hidden = !this.keymap.isChanged(command);
    }
    this.resetAll.hidden = this.keymap.changed.length === 0;
  }

  private filter(): void {
    const sought = this.search.value.trim().toLowerCase();
    for (const row of this.element.querySelectorAll("li")) {
      const words = row.querySelectorAll(".help-caps, .help-says");
      const text = [...words].map(({ textContent }) => textContent).join(" ").toLowerCase();
      row.hidden = !text.includes(sought);
    }
    for (const section of this.element.querySelectorAll("section")) {
      section.hidden = section.querySelector("li:not([hidden])") === null;
    }
  }

  private ask(row: Row): void {
    this.leave();
    this.asking = row;
    row.element.classList.add("is-asking");
    this.say(t("Press the new key for “{command}”. Esc leaves it as it is.", { command: row.command.says }));
  }

  private leave(): void {
    this.asking?.element.classList.remove("is-asking");
    this.asking = this.swap = null;
  }

  /** While a key is awaited every press is an answer; otherwise it is the dialog's own. */
  private press(event: KeyboardEvent): void {
    if (!this.asking || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    const press = pressed(event);
    if (event.repeat || isBegun(press)) return;
    const { asking } = this;
    if (press === "Escape") {
      this.leave();
      return this.say(OFFER);
    }
    if (press === "Enter" && this.swap?.kind === "swap") return void this.take(this.swap, asking);
    this.consider(this.keymap.plan(asking.command, press), asking);
  }

  private consider(plan: Plan, row: Row): void {
    if (plan.kind === "free") return void this.take(plan, row);
    this.swap = plan.kind === "swap" ? plan : null;
    this.say(plan.kind === "swap" ? `${plan.says} ${SWAP}` : plan.says, "warning");
  }

  private async take(plan: Plan & { changes: KeyChanges }, row: Row): Promise<void> {
    this.leave();
    if (await this.changed(plan.changes)) this.say(plan.kind === "swap" ? t("The two keys are exchanged.") : plan.says);
    row.change.focus();
  }

  private async restore(names: readonly string[]): Promise<void> {
    this.leave();
    const freed = Object.fromEntries(names.map((name) => [name, null]));
    // A key that another command was given meanwhile stays there until that one is reset, too.
    if (await this.changed(freed)) this.say(t("Done: the keys are as they were."));
    this.search.focus();
  }

  private async changed(changes: KeyChanges): Promise<boolean> {
    try {
      await this.keep(changes);
    } catch (error) {
      this.say(t("Nothing is changed. {reason}", { reason: error instanceof Error ? error.message : String(error) }), "warning");
      return false;
    }
    this.keymap.apply(changes);
    this.print();
    return true;
  }

  private say(text: string, tone = ""): void {
    this.status.textContent = text;
    this.status.dataset["tone"] = tone;
  }

  private closed(onClose: () => void): void {
    this.leave();
    this.say(OFFER);
    this.search.value = "";
    this.filter();
    onClose();
  }
}

const OFFER = t("Change gives a command a key of your own, on every computer.");
const SWAP = t("Enter exchanges the two keys; press another key, or Esc to leave it as it is.");

const MOUSE: readonly (readonly [string, string])[] = [
  [t("Left button"), t("The tool in hand: window at first")],
  [t("Right button"), t("Zoom")],
  [t("Middle button"), t("Pan")],
  [t("Wheel"), t("Slices; on a single image, zoom")],
  [t("Alt + click"), t("On an outline’s edge: a corner more; on a corner: one less")],
];

function mouse(): HTMLElement {
  const rows = MOUSE.map(([what, says]) =>
    make("li", {}, make("span", { class: "help-caps" }, what), make("span", { class: "help-says" }, says)),
  );
  return make("section", {}, make("h2", {}, t("Mouse")), make("ul", {}, ...rows));
}
