import { isAskedOf } from "../answers/marks";
import { emptyAnswers, isReadAsNormal, regionsOf, type Sheet, unanswered } from "../answers/sheet";
import { t } from "../i18n";
import type { Question } from "../types";
import type { RegionLabel } from "../viewer/labels";
import type { Measured } from "../viewer/measurements";
import { make } from "./dom";
import { ChoicesField } from "./fields/choices";
import type { Field } from "./fields/field";
import { NumberField } from "./fields/number";
import { type Region, RegionsField } from "./fields/regions";
import { TextField } from "./fields/text";
import type { Keymap } from "./keymap";
import type { OptionKey } from "./keys";
import type { Place } from "./places";

interface PanelActions {
  /** An option, or a label to draw with. */
  pick: (question: Question, value: string) => void;
  enterNumber: (question: Question, number: number | null) => void;
  enterText: (question: Question, text: string) => void;
  showRegion: (region: Region) => void;
  removeRegion: (region: Region) => void;
  comment: (text: string) => void;
  submit: () => void;
  skip: () => void;
  undo: () => void;
  placeOf: (region: Region) => Place;
}

/** The questions beside the image. */
export class Panel {
  readonly element: HTMLElement;
  readonly fields: readonly Field[];
  private readonly asked: HTMLDivElement;
  private readonly submitButton: HTMLButtonElement;
  private readonly submitCap: HTMLElement;
  private readonly undoButton: HTMLButtonElement;
  private readonly commentArea: HTMLTextAreaElement;
  private readonly commentBox: HTMLDetailsElement;

  constructor(
    private readonly questions: readonly Question[],
    keys: readonly OptionKey[],
    labels: readonly RegionLabel[],
    actions: PanelActions,
    keymap: Keymap,
  ) {
    this.fields = questions.map((question) => {
      const own = keys.filter((key) => key.question === question.name);
      return field(question, new Map(own.map(({ value, key }) => [value, key])), labels, actions);
    });
    this.commentArea = make("textarea", {
      rows: "3",
      "aria-label": t("Comment"),
      oninput: () => actions.comment(this.commentArea.value),
    });
    this.commentBox = make(
      "details",
      { class: "comment" },
      make("summary", { tabindex: "-1" }, t("Comment") + " ", keymap.cap("comment")),
      this.commentArea,
    );
    this.submitCap = keymap.cap("submit");
    this.submitButton = make("button", { type: "button", class: "submit", onclick: () => actions.submit() }, this.submitCap);
    this.undoButton = make("button", { type: "button", class: "quiet undo-button", hidden: true, onclick: () => actions.undo() }, t("Undo last") + " ", keymap.cap("takeBack"));
    this.asked = make(
      "div",
      { class: "questions" },
      ...this.fields.map(({ element }) => element),
      this.commentBox,
    );
    this.element = make(
      "div",
      { class: "panel" },
      this.asked,
      make(
        "div",
        { class: "actions" },
        this.submitButton,
        make("button", { type: "button", class: "quiet skip-button", onclick: () => actions.skip() }, t("Cannot be judged") + " ", keymap.cap("skip")),
        this.undoButton,
      ),
    );
  }

  /** `taken`: the label in hand; `selected`: the mark that is asked about. */
  update(sheet: Sheet, comment: string, taken: RegionLabel | null, selected: string | null): void {
    const region = regionsOf(sheet).find(({ id }) => id === selected);
    const details = sheet.details.get(selected ?? "") ?? emptyAnswers();
    for (const field of this.fields) {
      const { question } = field;
      field.update(question.per_region ? details : sheet, sheet);
      if (question.per_region) show(field, region !== undefined && isAskedOf(question, region));
      if (field instanceof RegionsField) {
        field.showTaken(taken);
        field.showSelected(selected);
      }
    }
    if (this.commentArea.value !== comment) this.commentArea.value = comment;
    if (comment !== "") this.commentBox.open = true;
    // While an answer is still required, nothing is called normal.
    const isNormal = isReadAsNormal(sheet, this.questions) && unanswered(sheet, this.questions).length === 0;
    const says = isNormal ? normalText(sheet, this.questions) : t("Submit");
    if (this.submitButton.dataset["says"] !== says) {
      this.submitButton.dataset["says"] = says;
      this.submitButton.replaceChildren(says, this.submitCap);
    }
  }

  /** For a new task: problems go, the comment closes, and what was typed is forgotten. */
  clear(): void {
    for (const field of this.fields) field.say("");
    this.commentBox.open = false;
  }

  /** While busy nothing is typed: it would belong to a task that is not yet, or no longer, in view. */
  setBusy(isBusy: boolean): void {
    this.asked.inert = isBusy;
    this.submitButton.disabled = isBusy;
  }

  /** Only where the reader has an answer that they could take back. */
  offerUndo(isOffered: boolean): void {
    this.undoButton.hidden = !isOffered;
  }

  focusComment(): void {
    this.commentBox.open = true;
    this.commentArea.focus();
  }

  field(question: Question): Field | undefined {
    return this.fields.find((field) => field.question.name === question.name);
  }

  /** A field that holds something which is no answer. */
  firstInvalid(): Field | undefined {
    return this.fields.find((field) => field instanceof NumberField && !field.isValid);
  }

  /** Where the keyboard goes when a task opens: a number is typed at once, all else has keys. */
  takeFocus(stage: HTMLElement): void {
    const first = this.fields.find(({ element }) => !element.hidden);
    if (first instanceof NumberField) first.focus();
    else stage.focus({ preventScroll: true });
  }

  /** The number field that a measurement goes to: the focused one, else the first. */
  numberField(): NumberField | undefined {
    const numbers = this.fields.filter((field) => field instanceof NumberField && !field.element.hidden) as NumberField[];
    return numbers.find(({ hasFocus }) => hasFocus) ?? numbers[0];
  }

  showMeasured(measured: Measured | null): void {
    for (const field of this.fields) if (field instanceof NumberField) field.showMeasured(measured);
  }
}

/** A question that comes with the selected mark is brought into view. */
function show({ element }: Field, isAsked: boolean): void {
  const comes = isAsked && element.hidden;
  element.hidden = !isAsked;
  if (comes) element.scrollIntoView({ block: "nearest" });
}

function normalText(sheet: Sheet, questions: readonly Question[]): string {
  // What is chosen may be a finding of its own: then to mark nothing is not to call it normal.
  const isChosen = questions.some(({ kind, name }) => kind === "single" && sheet.choices.get(name)?.length);
  if (isChosen) return t("Submit unmarked");
  const asksForFindings = questions.some(({ kind }) => kind === "multiple");
  return asksForFindings ? t("No finding: normal") : t("Nothing marked: normal");
}

function field(
  question: Question,
  keys: ReadonlyMap<string, string>,
  labels: readonly RegionLabel[],
  actions: PanelActions,
): Field {
  switch (question.kind) {
    case "number":
      return new NumberField(question, (number) => actions.enterNumber(question, number));
    case "text":
      return new TextField(question, (text) => actions.enterText(question, text));
    case "points":
    case "boxes":
    case "ellipses":
    case "polygons":
    case "masks":
      return new RegionsField(
        question,
        labels,
        keys,
        {
          take: (value) => actions.pick(question, value),
          show: actions.showRegion,
          remove: actions.removeRegion,
        },
        actions.placeOf,
      );
    default:
      return new ChoicesField(question, keys, (value) => actions.pick(question, value));
  }
}
