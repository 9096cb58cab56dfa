import { type Sheet, storedValue } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question } from "../../types";
import type { RegionLabel } from "../../viewer/labels";
import { keyCap, make } from "../dom";
import { Field } from "./field";

export interface Region {
  id: string;
  label: string;
  item: number;
}

export interface RegionActions {
  take: (value: string) => void;
  show: (region: Region) => void;
  remove: (region: Region) => void;
}

/** Boxes and masks: the labels to draw with, and a list of what has been drawn. */
export class RegionsField extends Field {
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly list: HTMLUListElement;
  private shown = "";

  constructor(
    question: Question,
    private readonly labels: readonly RegionLabel[],
    keys: ReadonlyMap<string, string>,
    private readonly actions: RegionActions,
    private readonly placeOf: (region: Region) => string,
  ) {
    super(question, question.kind === "masks" ? t("choose, then paint") : t("choose, then drag"));
    const options = make("div", { class: "options", role: "group" });
    for (const option of question.options) {
      const value = storedValue(option);
      const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = this.colour(value);
      const button = make(
        "button",
        {
          type: "button",
          class: "option",
          "aria-pressed": "false",
          "data-value": value,
          onclick: () => actions.take(value),
        },
        keyCap(keys.get(value) ?? ""),
        swatch,
        make("span", { class: "option-text" }, option.value),
      );
      this.buttons.set(value, button);
      options.append(button);
    }
    this.list = make("ul", { class: "regions" });
    this.body.append(options, this.list);
  }

  override update(sheet: Sheet): void {
    const drawn: Region[] = this.question.kind === "boxes" ? sheet.boxes : sheet.masks;
    const mine = drawn.filter((region) => (region as Region & { question: string }).question === this.question.name);
    const key = JSON.stringify(mine.map(({ id, label, item }) => [id, label, item]));
    if (key === this.shown) return;
    this.shown = key;
    this.list.replaceChildren(...mine.map((region) => this.entry(region)));
  }

  /** Marks the label in hand. */
  showTaken(label: RegionLabel | null): void {
    for (const [value, button] of this.buttons) {
      const isTaken = label?.question === this.question.name && label.value === value;
      button.setAttribute("aria-pressed", String(isTaken));
    }
  }

  override focus(): void {
    this.buttons.values().next().value?.focus();
  }

  private colour(value: string): string {
    return this.labels.find(
      (label) => label.question === this.question.name && label.value === value,
    )?.colour ?? "transparent";
  }

  private entry(region: Region): HTMLLIElement {
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = this.colour(region.label);
    const place = this.placeOf(region);
    const text = this.labels.find(({ value }) => value === region.label)?.text ?? region.label;
    return make(
      "li",
      { "data-region": region.id },
      make(
        "button",
        { type: "button", class: "region", onclick: () => this.actions.show(region) },
        swatch,
        text + place,
      ),
      make(
        "button",
        {
          type: "button",
          class: "region-remove",
          "aria-label": t("Remove {mark}", { mark: text + place }),
          onclick: () => this.actions.remove(region),
        },
        "×",
      ),
    );
  }
}
