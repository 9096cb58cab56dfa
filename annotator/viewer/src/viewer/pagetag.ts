import { t } from "../i18n";
import { make } from "../page/dom";

/** Says which of a task's pages is on the screen, where there are several. */
export class PageTag {
  private readonly element = make("div", { class: "page-tag", role: "status", "data-part": "page", hidden: true });

  constructor(stage: HTMLElement) {
    stage.after(this.element);
  }

  show(number: number, count: number): void {
    this.element.hidden = count < 2;
    this.element.textContent = t("Page {number} of {count}", { number, count });
  }
}
