import type { Bootstrap, Question } from "./types";

const DEFAULT_RATING = 5;

/** What the page's template was given. */
export function readBootstrap(): Bootstrap {
  const script = document.getElementById("bootstrap");
  const bootstrap = JSON.parse(script?.textContent ?? "null") as Bootstrap;
  const { opened, urls } = bootstrap;
  const left = [opened?.list ?? "", document.referrer.replace(location.origin, "")];
  const asLeft = (url: string): string => left.find((list) => list.startsWith(`${url}?`)) ?? url;
  // A list that the reader came from has the filters they had there.
  const lists = { worklist: asLeft(urls.worklist), answers: asLeft(urls.answers) };
  return { ...bootstrap, urls: { ...urls, ...lists }, questions: bootstrap.questions.map(withRatings) };
}

/** A rating becomes a choice among its numbers: it is answered with the same keys and buttons. */
function withRatings(question: Question): Question {
  if (question.kind !== "rating") return question;
  const count = question.maximum ?? DEFAULT_RATING;
  const options = Array.from({ length: count }, (_, index) => ({ value: String(index + 1) }));
  return { ...question, options };
}
