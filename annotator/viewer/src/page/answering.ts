import { isAskedOf, isRegionKind } from "../answers/marks";
import { type Answers, detailsToWrite, regionsOf, type Sheet, toggle } from "../answers/sheet";
import type { Room } from "../flow/room";
import type { Question } from "../types";
import type { Regions } from "../viewer/regions";
import type { Panel } from "./panel";

/** Writes what the reader answers into the sheet: of the task, or of the selected mark. */
export class Answering {
  constructor(
    private readonly room: () => Room,
    private readonly regions: Regions,
    private readonly panel: () => Panel,
  ) {}

  pick(question: Question, value: string): void {
    if (isRegionKind(question.kind)) {
      this.regions.toggle(question.name, value);
      this.room().refresh();
    } else this.write(question, (answers) => toggle(answers, question, value));
  }

  enterNumber(question: Question, number: number | null): void {
    this.write(question, ({ numbers }) => {
      if (number === null) numbers.delete(question.name);
      else numbers.set(question.name, number);
    });
  }

  enterText(question: Question, text: string): void {
    this.write(question, ({ texts }) => texts.set(question.name, text));
  }

  private write(question: Question, change: (answers: Answers) => void): void {
    const { sheet } = this.room();
    const answers = question.per_region ? this.ofSelected(sheet, question) : sheet;
    if (!answers) return;
    change(answers);
    if (question.per_region) this.regions.record(sheet);
    if (question.kind !== "number") this.panel().field(question)?.say("");
    this.room().changed();
  }

  private ofSelected(sheet: Sheet, question: Question): Answers | null {
    const region = regionsOf(sheet).find(({ id }) => id === this.regions.selected);
    return region && isAskedOf(question, region) ? detailsToWrite(sheet, region.id) : null;
  }
}
