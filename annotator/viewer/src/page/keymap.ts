import { COMMANDS } from "../commands";
import type { Command } from "../commands/command";
import { t } from "../i18n";
import { capText, make } from "./dom";

/** Keys by command; null gives a command its own again. */
export type KeyChanges = Readonly<Record<string, readonly string[] | null>>;

/** What would come of giving a command a key. */
export type Plan =
  | { kind: "refused"; says: string }
  | { kind: "free"; changes: KeyChanges; says: string }
  | { kind: "swap"; other: Command; changes: KeyChanges; says: string };

/** Always the same: a dialog and a field must be left by the key that every program has for it. */
const FIXED: ReadonlySet<string> = new Set(["cancel"]);
/** What browsers, or the system, keep for themselves, or what moves the focus and edits text. */
const RESERVED = [
  /^(Ctrl\+)?(Shift\+)?Tab$/,
  /^(Alt\+)?F\d{1,2}$/,
  /^Ctrl\+(Shift\+)?[acfhijlnopqrtvwx\d]$/,
  /^Ctrl\+(Shift\+)?(PageUp|PageDown|F4)$/,
  /^Alt\+(ArrowLeft|ArrowRight|Home|[def])$/,
  /^(Shift\+)?( |Escape)$/,
];
const ALONE = /(Shift|Control|Alt|AltGraph|Meta|CapsLock|NumLock|Dead|Process|Unidentified|ContextMenu)$/;

/** True for a press that is only begun: a modifier that waits for its key. */
export function isBegun(press: string): boolean {
  return ALONE.test(press);
}

/** Which press is which command: the commands' own keys, changed as the reader wants them. */
export class Keymap {
  private readonly own = new Map<string, readonly string[]>();
  private readonly byPress = new Map<string, Command>();

  /** `taken` are the keys of the options of this project, which come before the commands'. */
  constructor(
    own: Readonly<Record<string, readonly string[]>>,
    private readonly taken: ReadonlySet<string> = new Set(),
  ) {
    this.apply(own);
  }

  /** Takes changes over, and writes the new keys on every cap that is shown. */
  apply(changes: KeyChanges): void {
    for (const [name, keys] of Object.entries(changes)) {
      if (keys) this.own.set(name, keys);
      else this.own.delete(name);
    }
    this.byPress.clear();
    // The reader's own first: a key they chose stays theirs when a new command comes with it.
    for (const command of COMMANDS) {
      for (const key of this.own.get(command.name) ?? []) this.byPress.set(key, command);
    }
    for (const command of COMMANDS) {
      for (const key of this.own.has(command.name) ? [] : command.keys) {
        if (!this.byPress.has(key)) this.byPress.set(key, command);
      }
    }
    this.printCaps();
  }

  keysOf(command: Command): string[] {
    const keys = this.own.get(command.name) ?? command.keys;
    return keys.filter((key) => this.byPress.get(key) === command);
  }

  isChanged(command: Command): boolean {
    return this.own.has(command.name);
  }

  isFixed(command: Command): boolean {
    return FIXED.has(command.name);
  }

  get changed(): string[] {
    return [...this.own.keys()];
  }

  /**
   * The command of a press. A letter that an option's config claims goes to the option; its command
   * is then reached with Shift, as every letter's is.
   */
  commandFor(press: string): Command | undefined {
    const letter = /^Shift\+(\p{L})$/u.exec(press)?.[1];
    return this.byPress.get(press) ?? (letter ? this.byPress.get(letter) : undefined);
  }

  /** What to show for a command's keys, given those that options have taken. */
  shown(command: Command): string[] {
    return this.keysOf(command).map((key) => (this.taken.has(key) ? `Shift+${key}` : key));
  }

  /** What giving the command this key would mean; nothing is changed yet. */
  plan(command: Command, press: string): Plan {
    const key = capText(press);
    if (RESERVED.some((pattern) => pattern.test(press))) {
      return refused(t("{key} belongs to the browser or to moving the focus. Press another key.", { key }));
    }
    const isLetter = /^\p{L}$/u.test(press);
    if (this.taken.has(press) && !isLetter) {
      return refused(t("{key} gives an answer in this project. Press another key.", { key }));
    }
    const other = this.commandFor(press);
    if (other === command) return refused(t("{key} is its key already.", { key }));
    const [first, ...more] = this.keysOf(command);
    const changes = { [command.name]: [press, ...more] };
    const note = this.taken.has(press)
      ? " " + t("In this project it gives an answer: there the command is on Shift + {key}.", { key })
      : "";
    if (!other) {
      return { kind: "free", changes, says: t("{key}: {command}.", { key, command: command.says }) + note };
    }
    if (this.isFixed(other)) {
      return refused(t("{key} stays the key of “{command}”. Press another key.", { key, command: other.says }));
    }
    const kept = this.keysOf(other).filter((one) => one !== press && one !== press.replace(/^Shift\+/, ""));
    return {
      kind: "swap",
      other,
      changes: { ...changes, [other.name]: first ? [first, ...kept] : kept },
      says: t("{key} is the key of “{command}”.", { key, command: other.says }) + note,
    };
  }

  /** A cap that always shows the command's present key. */
  cap(name: string): HTMLElement {
    const cap = make("kbd", { class: "cap", "data-command": name });
    this.print(cap);
    return cap;
  }

  /** Writes the present keys on every cap of the page, and tells screen readers. */
  printCaps(): void {
    for (const cap of document.querySelectorAll<HTMLElement>("kbd[data-command]")) this.print(cap);
  }

  private print(cap: HTMLElement): void {
    const command = COMMANDS.find(({ name }) => name === cap.dataset["command"]);
    const [key = ""] = command ? this.shown(command) : [];
    cap.textContent = capText(key);
    if (key) cap.closest("button")?.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
  }
}

function refused(says: string): Plan {
  return { kind: "refused", says };
}
