import type { Question } from "../types";

export type Reading = { number: number } | { problem: string } | { empty: true };

/** What a number field says; the comma is a decimal point, as readers in half of Europe type it. */
export function readNumber(text: string, question: Question): Reading {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return { empty: true };
  const number = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
  if (!Number.isFinite(number)) return { problem: `“${text.trim()}” is not a number.` };
  const { minimum, maximum } = question;
  if (typeof minimum === "number" && number < minimum) return { problem: `At least ${minimum}.` };
  if (typeof maximum === "number" && number > maximum) return { problem: `At most ${maximum}.` };
  return { number };
}
