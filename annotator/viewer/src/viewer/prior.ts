import { t } from "../i18n";

const DAYS_PER_MONTH = 30.44;
const DAYS_PER_YEAR = 365.25;

/** How much older a prior is than the study it stands beside, in the unit one would say it in. */
export function priorText(days: number): string {
  if (days < 60) return days === 1 ? t("Prior, 1 day earlier") : t("Prior, {days} days earlier", { days });
  const months = Math.round(days / DAYS_PER_MONTH);
  if (months < 24) return t("Prior, {months} months earlier", { months });
  const years = Math.round((days / DAYS_PER_YEAR) * 10) / 10;
  return t("Prior, {years} years earlier", { years });
}
