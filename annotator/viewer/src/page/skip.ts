import { keyCap, make } from "./dom";

const REASONS = ["Poor image quality", "Wrong body part", "Incomplete examination"] as const;

/** The reasons why a task cannot be judged. A list beside the image, which stays in view and in use. */
export class SkipList {
  readonly element: HTMLElement;
  private readonly first: HTMLButtonElement;
  private readonly other: HTMLInputElement;

  constructor(
    private readonly choose: (reason: string) => void,
    private readonly onClose: () => void,
  ) {
    const reasons = REASONS.map((reason, index) =>
      make(
        "button",
        { type: "button", class: "option", onclick: () => choose(reason) },
        keyCap(String(index + 1)),
        make("span", { class: "option-text" }, reason),
      ),
    );
    this.first = reasons[0] as HTMLButtonElement;
    this.other = make("input", {
      type: "text",
      class: "skip-other",
      maxlength: "200",
      "aria-label": "Another reason",
      placeholder: "Another reason, then Enter",
      onkeydown: ((event: KeyboardEvent) => this.otherKey(event)) as EventListener,
    });
    this.element = make(
      "section",
      { class: "skip", hidden: true, "aria-label": "Cannot be judged", "data-part": "skip" },
      make("h2", {}, "Cannot be judged because of"),
      make("div", { class: "options" }, ...reasons),
      make("label", { class: "skip-label" }, keyCap(String(REASONS.length + 1)), this.other),
      make("p", { class: "hint" }, keyCap("Escape"), " closes the list"),
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
    if (reason) this.choose(reason);
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
