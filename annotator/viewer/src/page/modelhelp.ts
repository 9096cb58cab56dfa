import { optionProbabilities, percent, spoken, type Suggestion } from "../answers/suggestions";
import { t } from "../i18n";
import type { ModelEntry, Question } from "../types";
import { make } from "./dom";
import type { Keymap } from "./keymap";

interface SuggestionActions {
  show: (suggestion: Suggestion) => void;
  accept: (suggestion: Suggestion) => void;
  reject: (suggestion: Suggestion) => void;
}

/**
 * What models say, beside the questions: plainly theirs, and never an answer already given. It adds
 * to the panel's fields and takes away what it added.
 */
export class ModelNotes {
  private added: Element[] = [];
  private readonly list: HTMLUListElement;
  private readonly box: HTMLElement;

  constructor(
    private readonly panel: HTMLElement,
    private readonly questions: readonly Question[],
    keymap: Keymap,
    private readonly nameOf: (suggestion: Suggestion) => string,
    private readonly actions: SuggestionActions,
  ) {
    this.list = make("ul", { class: "suggestions" });
    this.box = make(
      "section",
      { class: "model-box", "aria-label": t("Suggested by the model"), "data-part": "suggestions" },
      make("h2", {}, t("Suggested by the model")),
      this.list,
      make(
        "p",
        { class: "hint" },
        keymap.cap("acceptSuggestion"), ` ${t("accepts")}`, make("br"), keymap.cap("rejectSuggestion"), ` ${t("rejects")}`,
      ),
    );
  }

  show(said: readonly ModelEntry[]): void {
    this.clear();
    for (const question of this.questions) {
      const field = this.panel.querySelector(`[data-question="${CSS.escape(question.name)}"]`);
      const entry = said.find(({ from_name, type }) => from_name === question.name && !type.endsWith("labels"));
      if (field && entry) this.note(field, question, said, entry);
    }
  }

  clear(): void {
    for (const element of this.added) element.remove();
    this.added = [];
    this.box.remove();
  }

  /** Offers the model's word on a case that has been answered. */
  offer(show: () => void): void {
    const button = make("button", { type: "button", class: "quiet model-offer", onclick: show }, t("What the model said"));
    button.addEventListener("click", () => button.remove());
    this.panel.querySelector(".questions")?.prepend(button);
    this.added.push(button);
  }

  /** Lists the marks that wait for the reader's word. */
  suggest(waiting: readonly Suggestion[], inHand: Suggestion | null): void {
    this.list.replaceChildren(...waiting.map((one) => this.row(one, one.id === inHand?.id)));
    if (waiting.length === 0) this.box.remove();
    else if (!this.box.isConnected) this.panel.querySelector(".questions")?.prepend(this.box);
  }

  private note(field: Element, question: Question, said: readonly ModelEntry[], entry: ModelEntry): void {
    const title = entry.model_version;
    const given = optionProbabilities(said, question);
    const isRating = question.kind === "rating";
    const words = given && !isRating ? "" : `: ${spoken(said, question)}`;
    const says = entry.meta?.deviation === undefined ? title : `${title}; ${t("± one standard deviation")}`;
    const head = make("p", { class: "model-head", title: says }, t("Model") + words);
    field.querySelector("legend")?.after(head);
    this.added.push(head);
    for (const option of given ? field.querySelectorAll<HTMLElement>("[data-value]") : []) {
      const probability = given?.get(option.dataset["value"] ?? "");
      if (probability === undefined) continue;
      const bar = chanceBar(probability);
      option.append(bar);
      this.added.push(bar);
    }
  }

  private row(suggestion: Suggestion, isInHand: boolean): HTMLLIElement {
    const chance = suggestion.probability === null ? "" : percent(suggestion.probability);
    const name = this.nameOf(suggestion);
    const button = (mark: string, says: string, act: (one: Suggestion) => void): HTMLElement =>
      make("button", { type: "button", class: "suggestion-act", "aria-label": `${says} ${name}`, title: says, onclick: () => act(suggestion) }, mark);
    return make(
      "li",
      { "data-suggestion": suggestion.id, ...(isInHand ? { "aria-current": "true" } : {}) },
      make("button", { type: "button", class: "suggestion", title: suggestion.model, onclick: () => this.actions.show(suggestion) }, name, " ", make("span", { class: "model-percent" }, chance)),
      button("✓", t("Accept"), this.actions.accept),
      button("×", t("Reject"), this.actions.reject),
    );
  }
}

function chanceBar(probability: number): HTMLElement {
  const bar = make(
    "span",
    { class: "model-chance" },
    make("span", { class: "for-readers" }, ` ${t("model:")} `),
    make("span", { class: "model-bar", "aria-hidden": "true" }, make("span", {})),
    make("span", { class: "model-percent" }, percent(probability)),
  );
  bar.style.setProperty("--share", `${Math.round(probability * 100)}%`);
  return bar;
}
