import type { Answers, Sheet } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import { make } from "../dom";

/** One question on the panel. */
export abstract class Field {
  readonly element: HTMLFieldSetElement;
  protected readonly body: HTMLDivElement;
  private readonly problemLine: HTMLParagraphElement;

  constructor(readonly question: Question, note: string) {
    this.body = make("div", { class: "question-body" });
    this.problemLine = make("p", { class: "problem", role: "alert", hidden: true });
    this.element = make(
      "fieldset",
      { class: "question", "data-question": question.name },
      make(
        "legend",
        {},
        question.title || question.name,
        make("span", { class: "note" }, question.required ? t("required") : note),
      ),
      this.body,
      this.problemLine,
    );
  }

  /** Shows what the answers, of the task or of the selected mark, and the sheet say. */
  abstract update(answers: Answers, sheet: Sheet): void;

  /** Takes the keyboard here. */
  abstract focus(): void;

  say(problem: string): void {
    this.problemLine.textContent = problem;
    this.problemLine.hidden = problem === "";
    this.element.classList.toggle("has-problem", problem !== "");
  }
}
