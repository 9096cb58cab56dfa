import type { Mark, Mask } from "./marks";
import type { Answers, RegionSheet } from "./sheet";

/** More steps than a reader takes back; masks share what a step did not change. */
const MOST_STEPS = 200;

/**
 * What was drawn and painted, step by step. A step is a gesture: all that a drag changes is taken back
 * at once. Snapshots share every mark, mask and answer that did not change.
 */
export class History {
  private readonly past: RegionSheet[] = [];
  private future: RegionSheet[] = [];
  private gesture = -1;

  constructor(private present_: RegionSheet, private readonly most = MOST_STEPS) {
    this.present_ = snapshot(present_, present_);
  }

  get present(): RegionSheet {
    return this.present_;
  }

  /** Keeps what is drawn now; changes of the same gesture are one step. */
  record(sheet: RegionSheet, gesture: number): void {
    const next = snapshot(sheet, this.present_);
    if (isSame(next, this.present_)) return;
    if (gesture !== this.gesture) {
      this.past.push(this.present_);
      if (this.past.length > this.most) this.past.shift();
    }
    this.gesture = gesture;
    this.future = [];
    this.present_ = next;
  }

  /** The snapshot before the last step; null where there is none. */
  undo(): RegionSheet | null {
    return this.step(this.past, this.future);
  }

  /** The step that was undone last; null where there is none. */
  redo(): RegionSheet | null {
    return this.step(this.future, this.past);
  }

  private step(from: RegionSheet[], to: RegionSheet[]): RegionSheet | null {
    const next = from.pop();
    if (!next) return null;
    to.push(this.present_);
    this.gesture = -1;
    this.present_ = next;
    return next;
  }
}

/** The regions of a sheet, with what equals the earlier ones taken from these. */
function snapshot(sheet: RegionSheet, before: RegionSheet): RegionSheet {
  return {
    marks: shared(sheet.marks, before.marks, isSameMark),
    masks: shared(sheet.masks, before.masks, isSameMask),
    details: sheet.details,
  };
}

function shared<T extends Mark | Mask>(
  now: readonly T[],
  before: readonly T[],
  isEqual: (a: T, b: T) => boolean,
): readonly T[] {
  const known = new Map(before.map((one) => [one.id, one]));
  const list = now.map((one) => {
    const earlier = known.get(one.id);
    return earlier && isEqual(earlier, one) ? earlier : one;
  });
  const isUnchanged = list.length === before.length && list.every((one, index) => one === before[index]);
  return isUnchanged ? before : list;
}

function isSame(a: RegionSheet, b: RegionSheet): boolean {
  return a.marks === b.marks && a.masks === b.masks && isSameDetails(a.details, b.details);
}

function isSameMark(a: Mark, b: Mark): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function isSameMask(a: Mask, b: Mask): boolean {
  return a === b || (a.label === b.label && a.item === b.item && isSameList(a.rle, b.rle));
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}

function isSameDetails(a: ReadonlyMap<string, Answers>, b: ReadonlyMap<string, Answers>): boolean {
  return a === b || (a.size === b.size && [...a].every(([id, answers]) => plain(answers) === plain(b.get(id))));
}

function plain(answers: Answers | undefined): string {
  return answers ? JSON.stringify([answers.choices, answers.numbers, answers.texts].map((map) => [...map])) : "";
}
