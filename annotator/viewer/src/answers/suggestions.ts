import type { ModelEntry, Question, ResultItem } from "../types";
import { fromResult } from "./result";
import type { RegionSheet, Sheet } from "./sheet";

/** What the reader has done with a suggestion. */
export type Decision = "accepted" | "rejected";
export type Decisions = Record<string, Decision>;

/** A mark that a model proposes; it is part of the answer once it is accepted. */
export interface Suggestion {
  id: string;
  question: string;
  label: string;
  /** Frame, counted over the task's scans in their order. */
  item: number;
  /** From 0 to 1; null where the model gave none, or something else. */
  probability: number | null;
  model: string;
  entry: ModelEntry;
}

/** The entry as it would stand in an answer: what only a model says of it is left out. */
function asAnswer({ score: _score, meta: _meta, model_version: _version, ...item }: ModelEntry): ResultItem {
  return item;
}

function probabilityOf({ score }: ModelEntry): number | null {
  return typeof score === "number" && score >= 0 && score <= 1 ? score : null;
}

/** The marks that models propose, of questions that are asked. */
export function suggestionsOf(said: readonly ModelEntry[], questions: readonly Question[]): Suggestion[] {
  return said.flatMap((entry) => {
    const labels = entry.value[entry.type];
    const [label] = Array.isArray(labels) ? (labels as unknown[]) : [];
    const isAsked = questions.some(({ name }) => name === entry.from_name);
    if (!entry.type.endsWith("labels") || !isAsked || typeof label !== "string") return [];
    return [
      {
        id: entry.id,
        question: entry.from_name,
        label,
        item: entry.item_index ?? 0,
        probability: probabilityOf(entry),
        model: entry.model_version,
        entry,
      },
    ];
  });
}

/** Suggestions as marks of an answer, which can be edited like any other. */
export function asMarks(suggestions: readonly Suggestion[], questions: readonly Question[]): RegionSheet {
  return fromResult(suggestions.map(({ entry }) => asAnswer(entry)), questions);
}

/** What a model gives each option of a question: 0 to 1 by stored value; null where it says nothing. */
export function optionProbabilities(
  said: readonly ModelEntry[],
  question: Question,
): ReadonlyMap<string, number> | null {
  const entry = said.find(({ from_name, type }) => from_name === question.name && type === "choices");
  if (!entry) return null;
  const given = entry.meta?.probabilities;
  if (given) return new Map(Object.entries(given));
  const chosen = entry.value["choices"] as string[];
  const probability = probabilityOf(entry);
  return new Map(chosen.map((value) => [value, probability ?? 1]));
}

/**
 * What a model answered to a question, in words: an option as it is read, a text, a number with how far
 * off it may be.
 */
export function spoken(said: readonly ModelEntry[], question: Question): string {
  const entry = said.find(({ from_name }) => from_name === question.name);
  if (!entry) return "";
  const { value } = entry;
  if (entry.type === "choices") {
    const given = optionProbabilities(said, question);
    const chosen = value["choices"] as string[];
    return chosen.map((answer) => withPercent(optionText(question, answer), given?.get(answer))).join(", ");
  }
  const plain = value["number"] ?? value["rating"] ?? value["text"];
  const deviation = entry.meta?.deviation;
  const text = [plain ?? ""].flat().join(" ");
  return typeof deviation === "number" ? `${text} ± ${deviation}` : text;
}

function optionText({ options }: Question, answer: string): string {
  return options.find(({ value, alias }) => (alias || value) === answer)?.value ?? answer;
}

function withPercent(text: string, probability: number | undefined): string {
  return probability === undefined ? text : `${text} ${percent(probability)}`;
}

/** Whole percents, and never certain. */
export function percent(probability: number): string {
  const whole = Math.round(probability * 100);
  if (whole >= 100) return "> 99 %";
  return whole <= 0 ? "< 1 %" : `${whole} %`;
}

/** Which answer a heat map explains: the reader's own choice, else what the model finds likeliest. */
export interface HeatTarget {
  question: string;
  answer: string;
  /** As it is read. */
  text: string;
}

const EXPLAINED: readonly string[] = ["single", "multiple", "number", "rating"];

export function heatTarget(
  said: readonly ModelEntry[],
  sheet: Sheet,
  questions: readonly Question[],
): HeatTarget | null {
  const asked = questions.filter(({ kind }) => EXPLAINED.includes(kind));
  const question =
    asked.find(({ name }) => (sheet.choices.get(name) ?? []).length > 0) ??
    asked.find(({ name }) => said.some(({ from_name }) => from_name === name)) ??
    asked[0];
  if (!question) return null;
  const title = question.title || question.name;
  if (question.kind === "number" || question.kind === "rating") {
    return { question: question.name, answer: "", text: title };
  }
  const own = sheet.choices.get(question.name)?.at(-1);
  const given = [...(optionProbabilities(said, question) ?? [])].sort(([, a], [, b]) => b - a);
  const [option] = question.options;
  const answer = own ?? given[0]?.[0] ?? (option && (option.alias || option.value)) ?? "";
  return { question: question.name, answer, text: optionText(question, answer) };
}
