import { storedValue } from "../answers/sheet";
import type { Question } from "../types";

export interface OptionKey {
  question: string;
  value: string;
  key: string;
}

export type CommandName =
  | "submit" | "skip" | "comment" | "undo" | "help" | "cancel"
  | "window" | "zoom" | "pan" | "scroll" | "length" | "eraser"
  | "invert" | "fit" | "actual" | "measure" | "remove"
  | "later" | "earlier" | "laterTen" | "earlierTen" | "first" | "last"
  | "brighter" | "darker" | "wider" | "narrower" | "closer" | "farther"
  | "smallerBrush" | "largerBrush"
  | "preset1" | "preset2" | "preset3" | "preset4" | "preset5";

export interface Command {
  name: CommandName;
  /** As KeyboardEvent.key, a letter in lower case; "Shift+" before it where Shift is part of it. */
  keys: readonly string[];
  says: string;
  group: "Answer" | "Image" | "Slices" | "CT windows" | "Regions";
}

export const COMMANDS: readonly Command[] = [
  { name: "submit", keys: ["Enter", "Ctrl+Enter"], says: "Submit the answer", group: "Answer" },
  { name: "skip", keys: ["x"], says: "Cannot be judged", group: "Answer" },
  { name: "comment", keys: ["c"], says: "Comment", group: "Answer" },
  { name: "undo", keys: ["u", "Ctrl+z"], says: "Take back the last submission", group: "Answer" },
  { name: "cancel", keys: ["Escape"], says: "Close, leave a field, put a tool down", group: "Answer" },
  { name: "help", keys: ["?"], says: "These keys", group: "Answer" },
  { name: "window", keys: ["w"], says: "Window: drag", group: "Image" },
  { name: "zoom", keys: ["z"], says: "Zoom: drag", group: "Image" },
  { name: "pan", keys: ["p"], says: "Pan: drag", group: "Image" },
  { name: "length", keys: ["l"], says: "Measure a length", group: "Image" },
  { name: "invert", keys: ["i"], says: "Invert", group: "Image" },
  { name: "fit", keys: ["f"], says: "Fit, and reset the window", group: "Image" },
  { name: "actual", keys: ["a"], says: "One image pixel to one screen pixel", group: "Image" },
  { name: "closer", keys: ["+", "="], says: "Zoom in", group: "Image" },
  { name: "farther", keys: ["-"], says: "Zoom out", group: "Image" },
  { name: "brighter", keys: ["Shift+ArrowUp"], says: "Brighter", group: "Image" },
  { name: "darker", keys: ["Shift+ArrowDown"], says: "Darker", group: "Image" },
  { name: "wider", keys: ["Shift+ArrowRight"], says: "Less contrast", group: "Image" },
  { name: "narrower", keys: ["Shift+ArrowLeft"], says: "More contrast", group: "Image" },
  { name: "scroll", keys: ["s"], says: "Slices: drag", group: "Slices" },
  { name: "later", keys: ["ArrowDown"], says: "Next slice", group: "Slices" },
  { name: "earlier", keys: ["ArrowUp"], says: "Previous slice", group: "Slices" },
  { name: "laterTen", keys: ["PageDown"], says: "Ten slices on", group: "Slices" },
  { name: "earlierTen", keys: ["PageUp"], says: "Ten slices back", group: "Slices" },
  { name: "first", keys: ["Home"], says: "First slice", group: "Slices" },
  { name: "last", keys: ["End"], says: "Last slice", group: "Slices" },
  { name: "preset1", keys: ["Shift+1"], says: "Soft tissue", group: "CT windows" },
  { name: "preset2", keys: ["Shift+2"], says: "Lung", group: "CT windows" },
  { name: "preset3", keys: ["Shift+3"], says: "Bone", group: "CT windows" },
  { name: "preset4", keys: ["Shift+4"], says: "Brain", group: "CT windows" },
  { name: "preset5", keys: ["Shift+5"], says: "Liver", group: "CT windows" },
  { name: "measure", keys: ["m"], says: "Enter the measured length", group: "Regions" },
  { name: "eraser", keys: ["e"], says: "Eraser", group: "Regions" },
  { name: "smallerBrush", keys: ["["], says: "Smaller brush", group: "Regions" },
  { name: "largerBrush", keys: ["]"], says: "Larger brush", group: "Regions" },
  { name: "remove", keys: ["Delete", "Backspace"], says: "Remove the selected region", group: "Regions" },
];

const DIGITS = [..."123456789"];
// The row under the resting hand first: a rating's keys then lie side by side.
const LETTERS = [..."asdfghjklqwertyuiopzxcvbnm"];

function isPlainKey(hotkey: string | null | undefined): hotkey is string {
  return typeof hotkey === "string" && /^[\p{L}\p{N}]$/u.test(hotkey);
}

/** The digits that a grade's own words end with ("2", "Grade 2"); null where not each has one. */
function ownDigits({ options }: Question): string[] | null {
  const digits = options.flatMap(({ value }) => /(?:^|\D)(\d)$/.exec(value)?.[1] ?? []);
  return digits.length === options.length && new Set(digits).size === digits.length ? digits : null;
}

/**
 * Every option's key: the one its config names, else 1 to 9, else letters that no command uses. A
 * grade has its own digit, or a letter: a 2 on the key 6 would be misread and mistyped.
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
  const letters = LETTERS.filter((letter) => !commandKeys.has(letter));
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
  const isNamed = event.key.length > 1 || digit !== undefined || /^\p{L}$/u.test(key);
  const shift = event.shiftKey && isNamed ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + shift + key;
}

/**
 * The command of a press. A letter that an option's config claims goes to the option; its command
 * is then reached with Shift, as every letter's is.
 */
export function commandFor(press: string): CommandName | undefined {
  const letter = /^Shift\+(\p{L})$/u.exec(press)?.[1];
  return COMMANDS.find(({ keys }) => keys.includes(letter ?? press))?.name;
}

/** What to show for a command's key, given the keys that options have taken. */
export function shownKeys(command: Command, taken: ReadonlySet<string>): string[] {
  return command.keys.map((key) => (taken.has(key) ? `Shift+${key}` : key));
}
