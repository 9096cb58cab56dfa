import { storedValue } from "../answers/sheet";
import type { Question } from "../types";

/** A label that regions carry: an option of a boxes or masks question. */
export interface RegionLabel {
  question: string;
  kind: "boxes" | "masks";
  value: string;
  text: string;
  colour: string;
  /** The value of its pixels in a label map, from 1. */
  segment: number;
}

/** Told apart from one another and from grey anatomy, by colour-blind readers too (Okabe and Ito). */
const COLOURS = ["#56b4e9", "#e69f00", "#00c08b", "#f0e442", "#cc79a7", "#ff8a4c", "#8fa8ff"];

export function regionLabels(questions: readonly Question[]): RegionLabel[] {
  return questions
    .filter(({ kind }) => kind === "boxes" || kind === "masks")
    .flatMap((question) => question.options.map((option) => ({ question, option })))
    .map(({ question, option }, index) => ({
      question: question.name,
      kind: question.kind as "boxes" | "masks",
      value: storedValue(option),
      text: option.value,
      colour: hexColour(option.background) ?? (COLOURS[index % COLOURS.length] as string),
      segment: index + 1,
    }));
}

/** The config's colour where it is one that can be taken apart into red, green and blue. */
function hexColour(background: string | null | undefined): string | undefined {
  return background && /^#[0-9a-f]{6}$/i.test(background) ? background : undefined;
}

export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
