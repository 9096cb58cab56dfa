import { readNumber } from "../../answers/numbers";
import type { Sheet } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import { keyCap, make } from "../dom";
import { Field } from "./field";

function rangeNote({ minimum, maximum }: Question): string {
  const hasLow = typeof minimum === "number";
  const hasHigh = typeof maximum === "number";
  if (hasLow && hasHigh) return t("{minimum} to {maximum}", { minimum, maximum });
  if (hasLow) return t("at least {minimum}", { minimum });
  return hasHigh ? t("at most {maximum}", { maximum }) : "";
}

/** A number, typed or taken from a measurement. */
export class NumberField extends Field {
  private readonly input: HTMLInputElement;
  private readonly measured: HTMLParagraphElement;

  constructor(question: Question, private readonly enter: (number: number | null) => void) {
    super(question, rangeNote(question));
    this.input = make("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      class: "number",
      "aria-label": question.title || question.name,
      oninput: () => this.read(),
    });
    this.measured = make("p", { class: "measured", hidden: true });
    this.body.append(this.input, this.measured);
  }

  /** False while the field holds something that is no answer. */
  get isValid(): boolean {
    return !("problem" in readNumber(this.input.value, this.question));
  }

  override update(sheet: Sheet): void {
    const number = sheet.numbers.get(this.question.name);
    // What is being typed ("3.") is not rewritten under the reader's fingers.
    if (document.activeElement === this.input && readsAs(this.input.value, number, this.question)) return;
    this.input.value = number === undefined ? "" : String(number);
    this.say("");
  }

  override focus(): void {
    this.input.focus();
    this.input.select();
  }

  get hasFocus(): boolean {
    return document.activeElement === this.input;
  }

  put(number: number): void {
    this.input.value = String(number);
    this.read();
  }

  showMeasured(length: number | null): void {
    this.measured.hidden = length === null;
    if (length !== null) {
      this.measured.replaceChildren(
        t("Measured {length} mm", { length: length.toFixed(1) }) + " ",
        keyCap("m"),
        " " + t("enters it"),
      );
    }
  }

  private read(): void {
    const reading = readNumber(this.input.value, this.question);
    this.say("problem" in reading ? reading.problem : "");
    this.enter("number" in reading ? reading.number : null);
  }
}

function readsAs(text: string, number: number | undefined, question: Question): boolean {
  const reading = readNumber(text, question);
  return number === undefined ? !("number" in reading) : "number" in reading && reading.number === number;
}
