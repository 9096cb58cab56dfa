import { t } from "../i18n";
import { keyCap, make } from "./dom";

/** What is kept with the task, whatever the reader's language, and how it is said here. */
const REASONS = [
  { kept: "Poor image quality", says: t("Poor image quality") },
  { kept: "Wrong body part", says: t("Wrong body part") },
  { kept: "Incomplete examination", says: t("Incomplete examination") },
] as const;

/** The reasons why a task cannot be judged. A list beside the image, which stays in view and in use. */
export class SkipList {
  readonly element: HTMLElement;
  private readonly first: HTMLButtonElement;
  private readonly other: HTMLInputElement;

  constructor(
    private readonly choose: (reason: string) => void,
    private readonly onClose: () => void,
  ) {
    const reasons = REASONS.map(({ kept, says }, index) =>
      make(
        "button",
        { type: "button", class: "option", onclick: () => choose(kept) },
        keyCap(String(index + 1)),
        make("span", { class: "option-text" }, says),
      ),
    );
    this.first = reasons[0] as HTMLButtonElement;
    this.other = make("input", {
      type: "text",
      class: "skip-other",
      maxlength: "200",
      "aria-label": t("Another reason"),
      placeholder: t("Another reason, then Enter"),
      onkeydown: ((event: KeyboardEvent) => this.otherKey(event)) as EventListener,
    });
    this.element = make(
      "section",
      { class: "skip", hidden: true, "aria-label": t("Cannot be judged"), "data-part": "skip" },
      make("h2", {}, t("Cannot be judged because of")),
      make("div", { class: "options" }, ...reasons),
      make("label", { class: "skip-label" }, keyCap(String(REASONS.length + 1)), this.other),
      make("p", { class: "hint" }, keyCap("Escape"), " " + t("closes this list.")),
    );
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    this.element.hidden = false;
    this.other.value = "";
    this.first.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.onClose();
  }

  /** A press while the list is open. True when it was for the list. */
  press(key: string): boolean {
    const number = Number(key);
    const reason = REASONS[number - 1];
    if (reason) this.choose(reason.kept);
    else if (number === REASONS.length + 1) this.other.focus();
    else if (key === "Escape" || key === "x") this.close();
    else return false;
    return true;
  }

  private otherKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    if (event.key !== "Enter") return;
    event.preventDefault();
    const reason = this.other.value.trim();
    if (reason !== "") this.choose(reason);
  }
}
