import { make } from "./dom";

export interface NoticeAction {
  text: string;
  act: (() => void) | string;
}

/** One quiet line above the questions: what is wrong, and what to do. */
export class Notice {
  readonly element: HTMLElement;

  constructor() {
    this.element = make("div", { class: "notice", role: "status", hidden: true, "data-part": "notice" });
  }

  /** An action that is a string is an address to go to. */
  say(text: string, tone: "quiet" | "warning" | "bad" = "quiet", action?: NoticeAction): void {
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

  clear(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
