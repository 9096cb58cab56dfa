import { isNumberEntry, isTextEntry } from "../page/dom";
import type { Keymap } from "../page/keymap";
import { type OptionKey, pressed } from "../page/keys";

interface KeyboardActions {
  option: (option: OptionKey) => void;
  command: (name: string) => void;
  /** A list that is open takes presses first; true when it took this one. */
  overlay: (press: string) => boolean;
}

/** What a number field needs for itself; every other press is a command there too. */
const NUMBER_KEYS = /^(?:\d|[.,-]|Backspace|Delete|ArrowLeft|ArrowRight|Home|End|Tab)$/;

function belongsToNumber(press: string): boolean {
  return NUMBER_KEYS.test(press) || (press.startsWith("Ctrl+") && press !== "Ctrl+Enter");
}

/**
 * A press that the focused element acts on itself: everything in the dialog of keys, Enter and Space
 * on links and buttons, Enter where a setting is typed. The options are not among them: there, too, Enter submits.
 */
function isOwn(target: EventTarget | null, press: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog, .skip-other")) return true;
  if (press === " ") return true;
  return press === "Enter" && target.closest("a, summary, .skip button, .tolerance, button:not(.option)") !== null;
}

/** The one place where presses become actions. */
export class Keyboard {
  private readonly options: ReadonlyMap<string, OptionKey>;

  constructor(
    options: readonly OptionKey[],
    private readonly keymap: Keymap,
    private readonly actions: KeyboardActions,
  ) {
    this.options = new Map(options.filter(({ key }) => key !== "").map((option) => [option.key, option]));
    // In the capture phase: Cornerstone's own tools listen for keys as well.
    window.addEventListener("keydown", (event) => this.down(event), { capture: true });
  }

  private down(event: KeyboardEvent): void {
    if (event.isComposing || event.getModifierState("AltGraph")) return;
    const press = pressed(event);
    if (isTextEntry(event.target)) return this.inText(event, press);
    if (isNumberEntry(event.target) && belongsToNumber(press)) return;
    if (isOwn(event.target, press)) return;
    if (!event.repeat && this.actions.overlay(press)) return this.taken(event);
    const option = this.options.get(press);
    if (option) {
      if (!event.repeat) this.actions.option(option);
      return this.taken(event);
    }
    const command = this.keymap.commandFor(press);
    if (!command) return;
    if (!event.repeat || command.repeats) this.actions.command(command.name);
    this.taken(event);
  }

  private inText(event: KeyboardEvent, press: string): void {
    if (press === "Escape") this.actions.command("cancel");
    else if (press === "Ctrl+Enter" && !event.repeat) this.actions.command("submit");
    else return;
    this.taken(event);
  }

  private taken(event: KeyboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
  }
}
