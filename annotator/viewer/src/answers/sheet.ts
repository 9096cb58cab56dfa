import type { Option, Question, Scan } from "../types";
import { isAskedOf, isRegionKind, type Mark, type Mask } from "./marks";

export { type Mark, type Mask, newId } from "./marks";

/** Answers to questions of choice, number and text: of the task, or of one mark. */
export interface Answers {
  choices: Map<string, string[]>;
  numbers: Map<string, number>;
  texts: Map<string, string>;
}

/** What is drawn and painted, and what is said of each mark by its id. */
export interface RegionSheet {
  marks: readonly Mark[];
  masks: readonly Mask[];
  details: ReadonlyMap<string, Answers>;
}

/** What the reader has answered so far. */
export interface Sheet extends Answers, RegionSheet {}

export function emptyAnswers(): Answers {
  return { choices: new Map(), numbers: new Map(), texts: new Map() };
}

export function emptySheet(): Sheet {
  return { ...emptyAnswers(), marks: [], masks: [], details: new Map() };
}

/** Everything drawn and painted. */
export function regionsOf({ marks, masks }: RegionSheet): readonly (Mark | Mask)[] {
  return [...marks, ...masks];
}

/**
 * The answers about one mark, to be written into. They are a copy that the sheet now has: what a
 * snapshot holds is never changed.
 */
export function detailsToWrite(sheet: Sheet, id: string): Answers {
  const before = sheet.details.get(id) ?? emptyAnswers();
  const after: Answers = {
    choices: new Map(before.choices),
    numbers: new Map(before.numbers),
    texts: new Map(before.texts),
  };
  sheet.details = new Map(sheet.details).set(id, after);
  return after;
}

/** What is stored for an option: Label Studio stores the alias where there is one. */
export function storedValue(option: Option): string {
  return option.alias || option.value;
}

/** Picks an option or takes it back: one at a time for single questions, any number otherwise. */
export function toggle(sheet: Answers, question: Question, value: string): void {
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

/** A required question without an answer; of which mark, where it is asked of each. */
interface Missing {
  question: Question;
  region?: string;
}

export function unanswered(sheet: Sheet, questions: readonly Question[]): Missing[] {
  return questions.filter(({ required }) => required).flatMap((question): Missing[] => {
    if (!question.per_region) return isAnswered(sheet, question) ? [] : [{ question }];
    return regionsOf(sheet)
      .filter((region) => isAskedOf(question, region))
      .filter(({ id }) => !isSaid(sheet.details.get(id) ?? emptyAnswers(), question))
      .map(({ id }) => ({ question, region: id }));
  });
}

function isAnswered(sheet: Sheet, question: Question): boolean {
  if (!isRegionKind(question.kind)) return isSaid(sheet, question);
  return regionsOf(sheet).some((region) => region.question === question.name);
}

/** Whether a question of choice, number or text has an answer here. */
function isSaid(answers: Answers, question: Question): boolean {
  switch (question.kind) {
    case "number":
      return answers.numbers.has(question.name);
    case "text":
      return (answers.texts.get(question.name) ?? "").trim() !== "";
    default:
      return (answers.choices.get(question.name) ?? []).length > 0;
  }
}

/** Finding questions that carry nothing: to submit is then to say "read, and normal". */
export function isReadAsNormal(sheet: Sheet, questions: readonly Question[]): boolean {
  const findings = questions.filter(
    ({ kind, per_region }) => !per_region && (kind === "multiple" || isRegionKind(kind)),
  );
  return findings.length > 0 && findings.every((question) => !isAnswered(sheet, question));
}
