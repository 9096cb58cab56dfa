import type { Bootstrap } from "../types";
import { make } from "./dom";
import type { Keymap } from "./keymap";

export type SaveState = "" | "saving" | "saved" | "local";

const SAVE_TEXT: Record<SaveState, string> = {
  "": "",
  saving: "Saving…",
  saved: "Draft saved",
  local: "Draft kept on this computer",
};

/** The page around the image and the questions. */
export class Frame {
  readonly stage: HTMLElement;
  readonly side: HTMLElement;
  readonly tools: HTMLElement;
  private readonly count: HTMLElement;
  private readonly saved: HTMLElement;
  private readonly why: HTMLElement;
  private readonly veil: HTMLElement;
  private readonly leave: string;

  constructor(readonly root: HTMLElement, bootstrap: Bootstrap, keymap: Keymap, help: () => void) {
    this.leave = bootstrap.urls.leave;
    this.count = make("span", { class: "count", "data-part": "count" });
    this.saved = make("span", { class: "saved", "data-part": "saved", role: "status" });
    this.why = make("p", { class: "why", role: "status", "data-part": "why" });
    this.veil = make("div", { class: "veil", role: "status", hidden: true, "data-part": "veil" });
    this.tools = make("div", { class: "tools", role: "toolbar", "aria-label": "Tools" });
    this.stage = make("main", { class: "stage", tabindex: "-1", "aria-label": "Scan" });
    this.side = make(
      "aside",
      { class: "side" },
      make(
        "header",
        { class: "side-head" },
        make("a", { class: "leave", href: bootstrap.urls.leave }, "‹ Leave"),
        make("h1", {}, bootstrap.project.title),
        make("button", { type: "button", class: "help-button", onclick: help }, "Keys ", keymap.cap("help")),
        make("div", { class: "side-status" }, this.count, this.saved),
        this.why,
      ),
    );
    const box = make("div", { class: "stage-box" }, this.stage, this.veil);
    root.replaceChildren(make("div", { class: "stage-wrap" }, box, this.tools), this.side);
  }

  setRead(read: number): void {
    this.count.textContent = `${read} read`;
  }

  /** Says why the case came that was submitted last; an empty word says nothing. */
  setWhy(why: string): void {
    this.why.textContent = why && `Last case: ${why}`;
  }

  setSaved(state: SaveState): void {
    this.saved.textContent = SAVE_TEXT[state];
    this.saved.dataset["state"] = state;
  }

  /** Covers the stage with a sentence; an empty one uncovers it. */
  cover(text: string): void {
    this.veil.hidden = text === "";
    this.veil.textContent = text;
  }

  /** Covers the stage where there is no next scan, with the way out. */
  coverEnd(text: string): void {
    this.cover(text);
    const back = make("a", { class: "notice-action", href: this.leave }, "Back to the project");
    this.veil.replaceChildren(make("div", {}, make("p", {}, text), back));
  }
}
