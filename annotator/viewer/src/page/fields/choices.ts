import { type Answers, storedValue } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import { keyCap, make } from "../dom";
import { Field } from "./field";

/** Single choice, multiple choice and rating: a button for each option, with its key. */
export class ChoicesField extends Field {
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(question: Question, keys: ReadonlyMap<string, string>, pick: (value: string) => void) {
    super(question, question.kind === "multiple" ? t("any number") : "");
    const isMultiple = question.kind === "multiple";
    this.body.classList.add("options");
    this.body.classList.toggle("rating", question.kind === "rating");
    this.body.setAttribute("role", isMultiple ? "group" : "radiogroup");
    for (const option of question.options) {
      const value = storedValue(option);
      const button = make(
        "button",
        {
          type: "button",
          class: "option",
          role: isMultiple ? "checkbox" : "radio",
          "aria-checked": "false",
          "data-value": value,
          onclick: () => pick(value),
        },
        keyCap(keys.get(value) ?? ""),
        make("span", { class: "option-text" }, option.value),
        make("span", { class: "tick", "aria-hidden": "true" }),
      );
      this.buttons.set(value, button);
      this.body.append(button);
    }
  }

  override update(answers: Answers): void {
    const chosen = answers.choices.get(this.question.name) ?? [];
    for (const [value, button] of this.buttons) {
      button.setAttribute("aria-checked", String(chosen.includes(value)));
    }
  }

  override focus(): void {
    this.buttons.values().next().value?.focus();
  }
}
