import { t } from "../i18n";
import { make } from "./dom";

interface NoticeAction {
  text: string;
  act: (() => void) | string;
}

/** One quiet line above the questions: what is wrong, and what to do. */
export class Notice {
  readonly element: HTMLElement;
  private isPassing = false;

  constructor() {
    this.element = make("div", { class: "notice", role: "status", hidden: true, "data-part": "notice" });
  }

  /** An action that is a string is an address to go to. */
  say(text: string, tone: "quiet" | "warning" | "bad" = "quiet", action?: NoticeAction): void {
    this.isPassing = false;
    this.element.dataset["tone"] = tone;
    this.element.hidden = false;
    this.element.replaceChildren(make("p", {}, text));
    if (!action) return;
    const { text: label, act } = action;
    this.element.append(
      typeof act === "string"
        ? make("a", { href: act, class: "notice-action" }, label)
        : make("button", { type: "button", class: "notice-action", onclick: () => act() }, label),
    );
  }

  /** Says what has happened; gone with the reader's next step. */
  pass(text: string, tone: "quiet" | "warning" = "quiet"): void {
    this.say(text, tone);
    this.isPassing = true;
  }

  settle(): void {
    if (this.isPassing) this.clear();
  }

  /** Says that the answers an earlier sitting left on this computer have arrived. */
  sentLater(count: number): void {
    if (count === 1) this.pass(t("The answer kept on this computer is saved now."));
    if (count > 1) this.pass(t("The {count} answers kept on this computer are saved now.", { count }));
  }

  clear(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
