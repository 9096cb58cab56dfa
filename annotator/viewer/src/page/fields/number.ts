import { readNumber } from "../../answers/numbers";
import type { Answers } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import type { Measured } from "../../viewer/measurements";
import { keyCap, make } from "../dom";
import { Field } from "./field";

function measuredText({ value, unit }: Measured): string {
  return unit === "°" ? `${value.toFixed(1)}°` : `${value.toFixed(1)} ${unit}`;
}

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

  override update(answers: Answers): void {
    const number = answers.numbers.get(this.question.name);
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

  /** Pixels are shown and not entered: a number of millimetres is what is asked for. */
  showMeasured(measured: Measured | null): void {
    this.measured.hidden = measured === null;
    if (!measured) return;
    const length = t("Measured {length}", { length: measuredText(measured) });
    if (measured.unit === "px") this.measured.replaceChildren(`${length}: ${t("this scan has no pixel spacing")}`);
    else this.measured.replaceChildren(`${length} `, keyCap("m"), ` ${t("enters it")}`);
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
