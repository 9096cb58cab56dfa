import type { Option, Question, Scan } from "../types";

/** A rectangle in percent of the frame, as Label Studio stores it. */
export interface Box {
  id: string;
  question: string;
  label: string;
  /** Frame, counted over the task's scans in their order. */
  item: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The painted pixels of one label on one frame, run-length coded. */
export interface Mask {
  id: string;
  question: string;
  label: string;
  item: number;
  rle: number[];
}

/** What the reader has answered so far. */
export interface Sheet {
  choices: Map<string, string[]>;
  numbers: Map<string, number>;
  texts: Map<string, string>;
  boxes: Box[];
  masks: Mask[];
}

export function emptySheet(): Sheet {
  return { choices: new Map(), numbers: new Map(), texts: new Map(), boxes: [], masks: [] };
}

/** What is stored for an option: Label Studio stores the alias where there is one. */
export function storedValue(option: Option): string {
  return option.alias || option.value;
}

export function newId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 10);
}

/** Picks an option or takes it back: one at a time for single questions, any number otherwise. */
export function toggle(sheet: Sheet, question: Question, value: string): void {
  const chosen = sheet.choices.get(question.name) ?? [];
  const without = chosen.filter((other) => other !== value);
  const isTaken = without.length < chosen.length;
  if (question.kind === "multiple") {
    // In the order of the config, whatever the order of the keys: equal answers are equal JSON.
    const wanted = new Set(isTaken ? without : [...chosen, value]);
    const order = question.options.map(storedValue).filter((option) => wanted.has(option));
    sheet.choices.set(question.name, order);
  } else {
    sheet.choices.set(question.name, isTaken ? [] : [value]);
  }
}

/** Frame `item` of the task: which scan, and which of its frames. */
export function locate(scans: readonly Scan[], item: number): { scan: Scan; frame: number } | null {
  let before = 0;
  for (const scan of scans) {
    if (item < before + scan.frame_count) return { scan, frame: item - before };
    before += scan.frame_count;
  }
  return null;
}

export function itemOf(scans: readonly Scan[], scan: Scan, frame: number): number {
  let before = 0;
  for (const other of scans) {
    if (other.id === scan.id) return before + frame;
    before += other.frame_count;
  }
  throw new RangeError(`Scan ${scan.id} is not part of this task.`);
}

/** The number of frames in all; one means that results carry no item_index. */
export function frameTotal(scans: readonly Scan[]): number {
  return scans.reduce((total, scan) => total + scan.frame_count, 0);
}

/** Questions that are required and have no answer. */
export function unanswered(sheet: Sheet, questions: readonly Question[]): Question[] {
  return questions.filter((question) => question.required && !isAnswered(sheet, question));
}

export function isAnswered(sheet: Sheet, question: Question): boolean {
  switch (question.kind) {
    case "single":
    case "multiple":
    case "rating":
      return (sheet.choices.get(question.name) ?? []).length > 0;
    case "number":
      return sheet.numbers.has(question.name);
    case "text":
      return (sheet.texts.get(question.name) ?? "").trim() !== "";
    case "boxes":
      return sheet.boxes.some((box) => box.question === question.name);
    case "masks":
      return sheet.masks.some((mask) => mask.question === question.name);
  }
}

/** Finding questions that carry nothing: to submit is then to say "read, and normal". */
export function isReadAsNormal(sheet: Sheet, questions: readonly Question[]): boolean {
  const findings = questions.filter(({ kind }) => ["multiple", "boxes", "masks"].includes(kind));
  return findings.length > 0 && findings.every((question) => !isAnswered(sheet, question));
}

