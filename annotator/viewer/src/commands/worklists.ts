import { t } from "../i18n";
import type { Act, CommandGroup } from "./command";

/** What is unfinished is kept as the page is left. */
const go = (url: string): void => window.location.assign(url);

const goBeside = (side: "before" | "after"): Act => ({ opened }) => {
  const url = opened?.[side];
  if (url) go(url);
};

export const WORKLISTS: CommandGroup = {
  title: t("Lists"),
  commands: [
    { name: "previousCase", keys: ["Alt+p"], says: t("Previous case of the list that this one was opened from"), act: goBeside("before") },
    { name: "nextCase", keys: ["Alt+n"], says: t("Next case of the list that this one was opened from"), act: goBeside("after") },
    { name: "worklist", keys: ["Alt+w"], says: t("Worklist"), act: ({ urls }) => go(urls.worklist) },
    { name: "earlierAnswers", keys: ["Alt+r"], says: t("My earlier answers"), act: ({ urls }) => go(urls.answers) },
    { name: "queue", keys: ["Alt+q"], says: t("My queue: on with the case in hand"), act: ({ urls }) => go(urls.read) },
  ],
};
