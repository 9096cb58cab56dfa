import { type Sheet, unanswered } from "../answers/sheet";
import { t } from "../i18n";
import type { Panel } from "../page/panel";
import type { Question } from "../types";

/** Whether the sheet can be submitted; if not, says what is missing and takes the keyboard there. */
export function isComplete(sheet: Sheet, questions: readonly Question[], panel: Panel): boolean {
  const missing = unanswered(sheet, questions);
  for (const question of missing) panel.field(question)?.say(t("This question needs an answer."));
  const invalid = panel.firstInvalid();
  const first = (missing[0] && panel.field(missing[0])) ?? invalid;
  first?.focus();
  return first === undefined;
}
