import { t } from "../i18n";
import type { GivenAnswer, Opened, Version } from "../types";
import { make } from "./dom";
import type { Keymap } from "./keymap";

interface CaseActions {
  /** Shows one of the answers over the scan. */
  look: (version: Version) => void;
  /** Why the answer is corrected. */
  reason: (text: string) => void;
  /** Leaves the case as it was. */
  back: () => void;
  step: (command: "previousCase" | "nextCase") => void;
}

const when = new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "short" });

/** What an answer says, in a line: choices, labels of marks, numbers, texts. */
function inWords({ result, was_cancelled, skip_reason }: Version): string {
  if (was_cancelled) return t("Cannot be judged: {reason}", { reason: skip_reason });
  const said = new Set(result.flatMap(({ type, value }) => [value[type] ?? value["text"] ?? []].flat().map(String)));
  return said.size > 0 ? [...said].join(", ") : t("Nothing marked");
}

/** Beside a scan that was opened out of a list: whose answers it has, and how they came about. */
export class CaseBox {
  readonly element: HTMLElement;
  private readonly shown: HTMLButtonElement[] = [];

  constructor(opened: Opened, private readonly actions: CaseActions, keymap: Keymap) {
    const isCorrected = Boolean(opened.task.corrects);
    const back = make("button", { type: "button", class: "quiet", onclick: () => actions.back() }, isCorrected ? t("Leave it as it is") : t("Back to the list"));
    this.element = make(
      "section",
      { class: "case", "aria-label": t("The case"), "data-part": "case" },
      make("header", { class: "case-head" }, make("h2", {}, isCorrected ? t("Correcting your answer") : t("Looking at case {task}", { task: opened.task.id })), back),
      steps(opened, actions, keymap),
      ...(isCorrected ? this.correcting(opened.answers) : this.looking(opened.answers)),
    );
  }

  private correcting(answers: readonly GivenAnswer[]): HTMLElement[] {
    const [newest, ...earlier] = answers[0]?.versions ?? [];
    const reason = make("textarea", {
      rows: "1",
      maxlength: "200",
      "aria-label": t("Why you correct it, if you want to say"),
      placeholder: t("Why (if you want to say)"),
      oninput: () => this.actions.reason(reason.value),
    });
    const given = make("p", { class: "hint" }, newest ? t("Given {when}. It is kept; the correction counts.", { when: when.format(Date.parse(newest.created_at)) }) : "");
    return [given, reason, ...(earlier.length > 0 ? [this.history(earlier)] : [])];
  }

  private looking(answers: readonly GivenAnswer[]): HTMLElement[] {
    if (answers.length === 0) return [make("p", { class: "hint" }, t("Nobody has answered it yet."))];
    return answers.map(({ reader, versions: [newest, ...earlier] }, index) =>
      make(
        "div",
        { class: "case-answer" },
        make("p", { class: "case-reader" }, reader),
        ...(newest ? [this.button(newest, index === 0)] : []),
        ...(earlier.length > 0 ? [this.history(earlier, true)] : []),
      ),
    );
  }

  private history(versions: readonly Version[], isShown = false): HTMLElement {
    const lines = versions.map((version) =>
      make("li", {}, ...(isShown ? [this.button(version, false)] : [make("span", {}, line(version))])),
    );
    return make("details", { class: "case-history" }, make("summary", {}, t("Before: {count}", { count: versions.length })), make("ol", {}, ...lines));
  }

  private button(version: Version, isFirst: boolean): HTMLButtonElement {
    const button = make("button", { type: "button", class: "case-version", "aria-pressed": String(isFirst), onclick: () => this.pick(button, version) }, line(version));
    this.shown.push(button);
    return button;
  }

  private pick(button: HTMLButtonElement, version: Version): void {
    for (const other of this.shown) other.setAttribute("aria-pressed", String(other === button));
    this.actions.look(version);
  }
}

/** To the cases beside this one in the list; what the list has no more of is not offered. */
function steps({ before, after }: Opened, { step }: CaseActions, keymap: Keymap): HTMLElement {
  const button = (text: string, command: "previousCase" | "nextCase", url: string | null): HTMLElement =>
    make("button", { type: "button", class: "quiet", disabled: url === null, onclick: () => step(command) }, `${text} `, keymap.cap(command));
  return make(
    "nav",
    { class: "case-steps", "aria-label": t("Cases of the list") },
    button(t("Previous"), "previousCase", before),
    button(t("Next"), "nextCase", after),
  );
}

function line(version: Version): string {
  const why = version.correction_reason && ` (${version.correction_reason})`;
  const seen = version.is_after_model ? `, ${t("after a look at the model’s view or others’ answers")}` : "";
  return `${inWords(version)}${why} · ${when.format(Date.parse(version.created_at))}${seen}`;
}
