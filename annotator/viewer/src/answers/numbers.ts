import { t } from "../i18n";
import type { Question } from "../types";

export type Reading = { number: number } | { problem: string } | { empty: true };

/** What a number field says; the comma is a decimal point, as readers in half of Europe type it. */
export function readNumber(text: string, question: Question): Reading {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return { empty: true };
  const number = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
  if (!Number.isFinite(number)) return { problem: t("“{text}” is not a number.", { text: text.trim() }) };
  const { minimum, maximum } = question;
  if (typeof minimum === "number" && number < minimum) return { problem: t("At least {minimum}.", { minimum }) };
  if (typeof maximum === "number" && number > maximum) return { problem: t("At most {maximum}.", { maximum }) };
  return { number };
}
