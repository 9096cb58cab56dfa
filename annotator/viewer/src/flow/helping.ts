import {
  asMarks, type Decision, type Decisions, heatTarget, spoken, type Suggestion, suggestionsOf,
} from "../answers/suggestions";
import { locate } from "../answers/sheet";
import { t } from "../i18n";
import type { Keymap } from "../page/keymap";
import { ModelNotes } from "../page/modelhelp";
import type { AnnotationReply, Draft, ModelEntry, Task } from "../types";
import { HeatMap } from "../viewer/heatmap";
import { sliceNumber } from "../viewer/order";
import { StackTrack } from "../viewer/stacktrack";
import { Suggestions } from "../viewer/suggestions";
import { HeatWatch } from "./heatwatch";
import type { Room } from "./room";
import type { RoomParts } from "./roomparts";

/**
 * How long after a submission the model's word on it is shown: from then on the answer stands, and
 * a slip of the finger is seen, and taken back, within this time.
 */
const TAKE_BACK_MS = 5000;

/** Help from the model with the task in hand, and its word on the last one. */
export class Helping {
  readonly heat: HeatWatch;
  readonly heatMap = new HeatMap();
  private readonly notes: ModelNotes;
  private readonly marks: Suggestions;
  private readonly track = new StackTrack();
  private room: Room | null = null;
  private said: readonly ModelEntry[] = [];
  private suggestions: readonly Suggestion[] = [];
  private decided: Decisions = {};
  private inHandId = "";
  private timer = 0;

  constructor(
    private readonly parts: Omit<RoomParts, "help">,
    keymap: Keymap,
    private readonly taskUrl: string,
  ) {
    const { api, panel, questions, regions, screen } = parts;
    this.marks = new Suggestions(regions.labels);
    this.notes = new ModelNotes(panel.element, questions, keymap, (one) => this.nameOf(one), {
      show: (one) => this.show(one),
      accept: (one) => this.decide([one], "accepted"),
      reject: (one) => this.decide([one], "rejected"),
    });
    const target = (): ReturnType<typeof heatTarget> =>
      this.room && heatTarget(this.said, this.room.sheet, questions);
    this.heat = new HeatWatch(api, screen, this.heatMap, target);
  }

  bind(room: Room): void {
    this.room = room;
  }

  /** What the reader has done with the suggestions of the task in hand. */
  get decisions(): Decisions {
    return this.decided;
  }

  /** Shows what may be shown of the task that the screen has opened. */
  open(task: Task, draft: Draft | null): void {
    this.close();
    if (task.corrects || task.is_read_only) return this.openAnswered(task);
    const { model } = task;
    if (!model) return;
    const { screen, questions } = this.parts;
    this.said = model.result;
    this.suggestions = suggestionsOf(this.said, questions);
    this.decided = { ...model.decisions, ...draft?.decisions };
    this.notes.show(this.said);
    this.track.lay(screen.cells, task);
    this.marks.lay(screen.cells, task.scans);
    this.heat.open(task.id);
    this.refresh();
  }

  /** An answer that stands already: its reader may be shown what the model said, if they ask. */
  private openAnswered({ id, corrects }: Task): void {
    this.heat.open(id);
    if (!corrects) return;
    this.notes.offer(() => {
      void this.parts.api.modelSays(id).then(
        ({ result }) => this.notes.show((this.said = result)),
        (error: Error) => this.parts.notice.pass(error.message, "warning"),
      );
    });
  }

  /** Other scans of the task have come onto the screen: what is shown over them goes along. */
  hung(): void {
    const { screen } = this.parts;
    const task = this.room?.task;
    this.heat.hung();
    if (!task || this.suggestions.length === 0) return;
    this.track.lay(screen.cells, task);
    this.marks.lay(screen.cells, task.scans);
    this.refresh();
  }

  close(): void {
    this.said = this.suggestions = [];
    this.decided = {};
    this.inHandId = "";
    this.notes.clear();
    this.track.clear();
    this.marks.lay([], []);
    this.heat.open(null);
  }

  /** The answer changed: the heat map follows what has been chosen. */
  changed(): void {
    this.heat.update();
  }

  /** Accepts or rejects the suggestion in hand; one that is out of sight is shown first. */
  decideInHand(decision: Decision): void {
    const { inHand } = this;
    if (!inHand) return;
    if (this.isInSight(inHand)) this.decide([inHand], decision);
    else this.show(inHand);
  }

  decideAll(decision: Decision): void {
    this.decide(this.waiting, decision);
  }

  /** An answer has been taken: shows in a while what the model says of its task. */
  answered({ task }: AnnotationReply): void {
    this.forget();
    this.timer = window.setTimeout(() => void this.showSaid(task), TAKE_BACK_MS);
  }

  /** Another answer is given, or the last one taken back. */
  forget(): void {
    clearTimeout(this.timer);
  }

  private get waiting(): Suggestion[] {
    return this.suggestions.filter(({ id }) => !(id in this.decided));
  }

  /** The one chosen, else the first in sight, else the first. */
  private get inHand(): Suggestion | null {
    const { waiting } = this;
    const chosen = waiting.find(({ id }) => id === this.inHandId);
    return chosen ?? waiting.find((one) => this.isInSight(one)) ?? waiting[0] ?? null;
  }

  private isInSight({ item }: Suggestion): boolean {
    const place = locate(this.room?.task?.scans ?? [], item);
    return this.parts.screen.cells.some(
      (cell) => cell.scan.id === place?.scan.id && cell.shownFrame === place.frame,
    );
  }

  private show(suggestion: Suggestion): void {
    this.inHandId = suggestion.id;
    const place = locate(this.room?.task?.scans ?? [], suggestion.item);
    if (place) this.parts.screen.goTo(place.scan, place.frame);
    this.refresh();
  }

  private decide(suggestions: readonly Suggestion[], decision: Decision): void {
    if (this.room?.state !== "ready" || suggestions.length === 0) return;
    for (const { id } of suggestions) this.decided = { ...this.decided, [id]: decision };
    const { questions, regions } = this.parts;
    if (decision === "accepted") {
      regions.add(this.room.sheet, asMarks(suggestions, questions));
    }
    this.room.changed();
    this.refresh();
  }

  private refresh(): void {
    const { inHand, waiting } = this;
    this.notes.suggest(waiting, inHand);
    this.marks.show(waiting, inHand);
  }

  private nameOf({ question, label, item }: Suggestion): string {
    const known = this.parts.regions.labels.find((other) => other.question === question && other.value === label);
    const text = known?.text ?? label;
    const place = locate(this.room?.task?.scans ?? [], item);
    if (!place || place.scan.frame_count === 1) return text;
    return text + t(", slice {number}", { number: sliceNumber(place.scan, place.frame) });
  }

  private async showSaid(task: number): Promise<void> {
    try {
      const { result } = await this.parts.api.modelSays(task);
      const words = this.parts.questions.map((question) => spoken(result, question)).filter(Boolean);
      if (words.length === 0) return;
      const url = this.taskUrl.replace("{task}", String(task));
      // The answer stands from here on.
      this.parts.panel.offerUndo(false);
      this.parts.frame.setModelSaid(t("The model said: {words}", { words: words.join("; ") }), url);
    } catch {
      // It is no part of the work: what cannot be had is left out.
    }
  }
}
