import { storedValue } from "../answers/sheet";
import { COMMANDS } from "../commands";
import type { Question } from "../types";

export interface OptionKey {
  question: string;
  value: string;
  key: string;
}

const DIGITS = [..."123456789"];
// The row under the resting hand first: a rating's keys then lie side by side.
const LETTERS = [..."asdfghjklqwertyuiopzxcvbnm"];
/** Letters of commands that no reader should have to look for, however many answers there are. */
const KEPT: ReadonlySet<string> = new Set("xcuwzpsif");

function isPlainKey(hotkey: string | null | undefined): hotkey is string {
  return typeof hotkey === "string" && /^[\p{L}\p{N}]$/u.test(hotkey);
}

/** The digits that a grade's own words end with ("2", "Grade 2"); null where not each has one. */
function ownDigits({ options }: Question): string[] | null {
  const digits = options.flatMap(({ value }) => /(?:^|\D)(\d)$/.exec(value)?.[1] ?? []);
  return digits.length === options.length && new Set(digits).size === digits.length ? digits : null;
}

/**
 * Every option's key: the one its config names, else 1 to 9, else letters, those that no
 * command uses first. A grade has its own digit, or a letter: a 2 on the key 6 would be misread and mistyped.
 */
export function optionKeys(questions: readonly Question[]): OptionKey[] {
  const taken = new Set<string>();
  const take = (key: string | undefined): string => {
    if (key === undefined || taken.has(key)) return "";
    taken.add(key);
    return key;
  };
  const named = questions.map(({ options }) =>
    options.map(({ hotkey }) => (isPlainKey(hotkey) ? take(hotkey.toLowerCase()) : "")),
  );
  const commandKeys = new Set(COMMANDS.flatMap(({ keys }) => keys));
  const letters = [
    ...LETTERS.filter((letter) => !commandKeys.has(letter)),
    // Their commands are then reached with Shift.
    ...LETTERS.filter((letter) => commandKeys.has(letter) && !KEPT.has(letter)),
  ];
  return questions.flatMap((question, at) => {
    const own = ownDigits(question);
    const isOwn = own?.every((digit) => !taken.has(digit)) ?? false;
    const keys = own ? letters : [...DIGITS, ...letters];
    return question.options.map((option, index) => ({
      question: question.name,
      value: storedValue(option),
      key: named[at]?.[index] || take(isOwn ? own?.[index] : keys.find((key) => !taken.has(key))),
    }));
  });
}

/** How a press is written in `Command.keys`. */
export function pressed(event: KeyboardEvent): string {
  // The row of digits by its place: a French keyboard types signs there, every keyboard with Shift.
  const digit = /^Digit([0-9])$/.exec(event.code)?.[1];
  const key = digit ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
  // With Alt some keyboards type signs, so its letters are read by their place.
  const letter = event.altKey ? /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() : undefined;
  const isNamed = event.key.length > 1 || digit !== undefined || /^\p{L}$/u.test(letter ?? key);
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const alt = event.altKey ? "Alt+" : "";
  const shift = event.shiftKey && isNamed ? "Shift+" : "";
  return control + alt + shift + (letter ?? key);
}
