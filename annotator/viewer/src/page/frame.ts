import { t } from "../i18n";
import type { Bootstrap, Task } from "../types";
import { make } from "./dom";
import type { Keymap } from "./keymap";

export type SaveState = "" | "saving" | "saved" | "local" | "unsaved";

const SAVE_TEXT: Record<SaveState, string> = {
  "": "",
  saving: t("Saving…"),
  saved: t("Draft saved"),
  local: t("Draft kept on this computer"),
  unsaved: t("Draft not saved yet"),
};

/** The page around the image and the questions. */
export class Frame {
  readonly stage: HTMLElement;
  readonly side: HTMLElement;
  readonly tools: HTMLElement;
  private readonly count: HTMLElement;
  private readonly saved: HTMLElement;
  private readonly unsent: HTMLElement;
  private readonly why: HTMLElement;
  private readonly veil: HTMLElement;
  private readonly leave: string;

  constructor(readonly root: HTMLElement, bootstrap: Bootstrap, keymap: Keymap, help: () => void) {
    this.leave = bootstrap.urls.leave;
    this.count = make("span", { class: "count", "data-part": "count" });
    this.saved = make("span", { class: "saved", "data-part": "saved", role: "status" });
    this.unsent = make("p", { class: "unsent", role: "status", hidden: true, "data-part": "unsent" });
    this.why = make("p", { class: "why", role: "status", "data-part": "why" });
    this.veil = make("div", { class: "veil", role: "status", hidden: true, "data-part": "veil" });
    this.tools = make("div", { class: "tools", role: "toolbar", "aria-label": t("Tools") });
    this.stage = make("div", { class: "stage", role: "region", tabindex: "-1", "aria-label": t("Scan") });
    this.side = make(
      "aside",
      { class: "side" },
      make(
        "header",
        { class: "side-head" },
        make("a", { class: "leave", href: bootstrap.urls.leave }, "‹ " + t("Leave")),
        make("h1", {}, bootstrap.project.title),
        make("button", { type: "button", class: "help-button", onclick: help }, t("Keys") + " ", keymap.cap("help")),
        make("div", { class: "side-status" }, this.count, this.saved),
        this.unsent,
        this.why,
      ),
    );
    const box = make("div", { class: "stage-box" }, this.stage, this.veil);
    root.replaceChildren(make("main", { class: "stage-wrap", "data-theme": "dark" }, box, this.tools), this.side);
  }

  /** Keeps the state of the room where styles find it, and whatever else looks on from outside. */
  showState(state: string, task: Task | null): void {
    this.root.dataset["state"] = state;
    this.root.dataset["task"] = String(task?.id ?? "");
    const isVolume = task?.scans.some(({ frame_count }) => frame_count > 1) ?? false;
    this.root.toggleAttribute("data-volume", isVolume);
  }

  /** All of the task's scans are on the screen. */
  imageShown(task: Task): void {
    this.root.dataset["imageShown"] = task.scans.map(({ id }) => id).join(" ");
  }

  forgetImage(): void {
    delete this.root.dataset["imageShown"];
  }

  setRead(read: number): void {
    this.count.textContent = t("{count} read", { count: read });
  }

  /** Says why the case came that was submitted last; an empty word says nothing. */
  setWhy(why: string): void {
    this.why.textContent = why && t("Last case: {why}", { why });
  }

  /** Says behind it what the model said of that case, with the way back to it; alone, it names the case itself. */
  setModelSaid(said: string, url: string): void {
    const text = this.why.textContent ? said : t("Last case: {why}", { why: said });
    const again = make("a", { href: url }, t("Look again"));
    this.why.append(" ", make("span", { class: "model-said", "data-part": "model-said" }, text, " ", again));
  }

  setSaved(state: SaveState): void {
    this.saved.textContent = SAVE_TEXT[state];
    this.saved.dataset["state"] = state;
  }

  /** Says how many answers wait for the connection; with one there is nothing to say. */
  setUnsent(count: number, isOffline: boolean): void {
    if (count > 0) this.root.dataset["unsent"] = String(count);
    else delete this.root.dataset["unsent"];
    this.unsent.hidden = !isOffline;
    this.unsent.textContent =
      count === 1 ? t("1 answer waits for the connection") : t("{count} answers wait for the connection", { count });
  }

  /** Covers the stage with a sentence; an empty one uncovers it. */
  cover(text: string): void {
    this.veil.hidden = text === "";
    this.veil.textContent = text;
  }

  /** Covers the stage with a sentence and one thing to do. */
  coverWith(text: string, action: string, act: () => void): void {
    this.cover(text);
    const button = make("button", { type: "button", class: "notice-action", onclick: act }, action);
    this.veil.replaceChildren(make("div", {}, make("p", {}, text), button));
  }

  /** Covers the stage where there is no next scan, with the way out. */
  coverEnd(text: string): void {
    this.cover(text);
    const back = make("a", { class: "notice-action", href: this.leave }, t("Back to the project"));
    this.veil.replaceChildren(make("div", {}, make("p", {}, text), back));
  }
}
