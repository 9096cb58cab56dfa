import { isRegionKind } from "../answers/marks";
import { storedValue } from "../answers/sheet";
import type { Question, RegionKind } from "../types";

/** A label that regions carry: an option of a question that asks for marks or masks. */
export interface RegionLabel {
  question: string;
  kind: RegionKind;
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
    .flatMap(({ kind, name, options }) =>
      isRegionKind(kind) ? options.map((option) => ({ question: name, kind, option })) : [],
    )
    .map(({ question, kind, option }, index) => ({
      question,
      kind,
      value: storedValue(option),
      text: option.value,
      colour: hexColour(option.background) ?? (COLOURS[index % COLOURS.length] as string),
      segment: index + 1,
    }));
}

export function labelOf(
  labels: readonly RegionLabel[],
  question: string,
  value: string,
): RegionLabel | undefined {
  return labels.find((label) => label.question === question && label.value === value);
}

/** The config's colour where it is one that can be taken apart into red, green and blue. */
function hexColour(background: string | null | undefined): string | undefined {
  return background && /^#[0-9a-f]{6}$/i.test(background) ? background : undefined;
}

export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
