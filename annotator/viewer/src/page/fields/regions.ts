import type { Mark, Mask } from "../../answers/marks";
import { type Answers, regionsOf, type Sheet, storedValue } from "../../answers/sheet";
import { t } from "../../i18n";
import type { Question, RegionKind } from "../../types";
import { labelOf, type RegionLabel } from "../../viewer/labels";
import { keyCap, make } from "../dom";
import type { Place } from "../places";
import { Field } from "./field";

export type Region = Mark | Mask;

interface RegionActions {
  take: (value: string) => void;
  show: (region: Region) => void;
  remove: (region: Region) => void;
}

const HOW: Readonly<Record<RegionKind, string>> = {
  points: t("choose, then click"),
  boxes: t("choose, then drag"),
  ellipses: t("choose, then drag"),
  polygons: t("choose, then trace or click"),
  masks: t("choose, then paint"),
};

/** Marks and masks: the labels to draw with, and a list of what has been drawn. */
export class RegionsField extends Field {
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly list: HTMLUListElement;
  private shown: readonly Region[] = [];

  constructor(
    question: Question,
    private readonly labels: readonly RegionLabel[],
    keys: ReadonlyMap<string, string>,
    private readonly actions: RegionActions,
    private readonly placeOf: (region: Region) => Place,
  ) {
    super(question, HOW[question.kind as RegionKind]);
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

  override update(_: Answers, sheet: Sheet): void {
    const mine = regionsOf(sheet).filter(({ question }) => question === this.question.name);
    const isSame = mine.length === this.shown.length && mine.every((region, index) => region === this.shown[index]);
    if (isSame) return;
    this.shown = mine;
    const focused = this.list.contains(document.activeElement) ? this.focusedRegion() : "";
    this.list.replaceChildren(...mine.map((region) => this.entry(region)));
    if (focused) this.list.querySelector<HTMLElement>(`[data-region="${focused}"] .region`)?.focus();
  }

  /** Marks the entry of the selected mark. */
  showSelected(id: string | null): void {
    for (const entry of this.list.children) {
      const isSelected = (entry as HTMLElement).dataset["region"] === id;
      entry.querySelector(".region")?.setAttribute("aria-pressed", String(isSelected));
    }
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

  private focusedRegion(): string {
    return document.activeElement?.closest<HTMLElement>("li")?.dataset["region"] ?? "";
  }

  private colour(value: string): string {
    return labelOf(this.labels, this.question.name, value)?.colour ?? "transparent";
  }

  private entry(region: Region): HTMLLIElement {
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = this.colour(region.label);
    const { where, size } = this.placeOf(region);
    const text = labelOf(this.labels, this.question.name, region.label)?.text ?? region.label;
    const mark = text + where;
    return make(
      "li",
      { "data-region": region.id },
      make("button", { type: "button", class: "region", onclick: () => this.actions.show(region) }, swatch, mark),
      make("span", { class: "region-size" }, size),
      make(
        "button",
        {
          type: "button",
          class: "region-remove",
          "aria-label": t("Remove {mark}", { mark }),
          onclick: () => this.actions.remove(region),
        },
        "×",
      ),
    );
  }
}
