import { regionsOf, type Sheet, unanswered } from "../answers/sheet";
import { t } from "../i18n";
import type { RoomParts } from "./roomparts";

type Parts = Pick<RoomParts, "panel" | "questions" | "regions">;

/** Whether the sheet can be submitted; if not, says what is missing and takes the keyboard there. */
export function isComplete(sheet: Sheet, { panel, questions, regions }: Parts): boolean {
  const [missing, ...others] = unanswered(sheet, questions);
  const region = missing?.region && regionsOf(sheet).find(({ id }) => id === missing.region);
  // A question about a mark is on the panel while that mark is selected.
  if (region) regions.show(region);
  for (const { question } of missing ? [missing, ...others] : []) {
    panel.field(question)?.say(t("This question needs an answer."));
  }
  const first = (missing && panel.field(missing.question)) ?? panel.firstInvalid();
  first?.focus();
  return first === undefined;
}
