import type { Answers } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import { make } from "../dom";
import { Field } from "./field";

/** Free text. */
export class TextField extends Field {
  private readonly area: HTMLTextAreaElement;

  constructor(question: Question, enter: (text: string) => void) {
    super(question, "");
    this.area = make("textarea", {
      rows: "3",
      "aria-label": question.title || question.name,
      oninput: () => enter(this.area.value),
    });
    this.body.append(this.area, make("p", { class: "hint" }, t("Ctrl Enter submits, Esc leaves the field")));
  }

  override update(answers: Answers): void {
    const text = answers.texts.get(this.question.name) ?? "";
    if (this.area.value !== text) this.area.value = text;
  }

  override focus(): void {
    this.area.focus();
  }
}
