import { fromResult, toResult } from "../answers/result";
import { emptySheet, type Sheet, unanswered } from "../answers/sheet";
import type { Frame } from "../page/frame";
import type { Notice } from "../page/notice";
import type { Panel } from "../page/panel";
import type { NextReply, Question, ResultItem, Task } from "../types";
import type { Regions } from "../viewer/regions";
import type { Screen } from "../viewer/screen";
import type { ReadingApi } from "./api";
import type { ReadingClock } from "./clock";
import { Drafts } from "./drafts";
import { isSessionEnd, type Outbox } from "./outbox";
import type { Prefetch } from "./prefetch";
import type { Journal } from "./journal";

/** A scan that was prefetched is there sooner, and needs no word. */
const LATE_MS = 300;

export type RoomState = "loading" | "ready" | "submitting" | "empty" | "error";

export interface RoomParts {
  api: ReadingApi;
  journal: Journal;
  outbox: Outbox;
  prefetch: Prefetch;
  clock: ReadingClock;
  screen: Screen;
  regions: Regions;
  frame: Frame;
  panel: Panel;
  notice: Notice;
  questions: readonly Question[];
}

/** The reading room: which task is in hand, what has been answered, and what happens next. */
export class Room {
  sheet: Sheet = emptySheet();
  comment = "";
  readonly drafts: Drafts;
  private task_: Task | null = null;
  private ahead: Task | null = null;
  private state_: RoomState = "loading";
  private read = 0;
  /** When the claim was last renewed, and for how long it holds, both in milliseconds. */
  private renewedAt = 0;
  private claimLasts = Infinity;

  constructor(private readonly parts: RoomParts) {
    this.drafts = new Drafts(parts.api, parts.journal, () => ({
      result: this.result(),
      comment: this.comment,
      lead_time: parts.clock.seconds(),
    }));
    this.drafts.onState = (state) => parts.frame.setSaved(state);
    this.drafts.onRefused = (error) => this.draftRefused(error);
    parts.outbox.onWaiting = (isWaiting) => this.waiting(isWaiting);
    parts.regions.onChange = () => {
      parts.regions.read(this.sheet);
      this.changed();
    };
  }

  get task(): Task | null {
    return this.task_;
  }

  get isVolume(): boolean {
    return this.task_?.scans.some(({ frame_count }) => frame_count > 1) ?? false;
  }

  get state(): RoomState {
    return this.state_;
  }

  /** How much of the claim has passed, as a share. */
  get claimAge(): number {
    return (Date.now() - this.renewedAt) / this.claimLasts;
  }

  /** A saved draft renews the claim. */
  async renew(): Promise<void> {
    this.renewedAt = Date.now();
    await this.drafts.save();
  }

  /** Sends what an earlier sitting left, then opens the first task. */
  async start(): Promise<void> {
    this.setState("loading");
    await this.guarded(async () => {
      this.parts.notice.replayed(await this.parts.outbox.replay());
      await this.openNext(await this.parts.api.next());
    });
  }

  /** The answer changed: show it, and keep it. */
  changed(): void {
    this.parts.notice.settle();
    this.refresh();
    this.drafts.changed();
  }

  refresh(): void {
    this.parts.panel.update(this.sheet, this.comment, this.parts.regions.label);
    this.parts.panel.showMeasured(this.parts.regions.measured());
  }

  async submit(): Promise<void> {
    if (this.state_ !== "ready" || !this.isComplete()) return;
    await this.send(this.result(), "");
  }

  async skip(reason: string): Promise<void> {
    if (this.state_ === "ready") await this.send([], reason);
  }

  async undo(): Promise<void> {
    if (this.state_ !== "ready" && this.state_ !== "empty") return;
    if (this.task_) await this.drafts.save();
    await this.guarded(async () => {
      const { task } = await this.parts.api.undo();
      this.parts.notice.clear();
      this.parts.frame.setWhy("");
      await this.open(task);
      this.parts.notice.pass("Your last answer is taken back. Change it, then submit it again.");
    }, this.state_);
  }

  private result(): ResultItem[] {
    return toResult(this.sheet, this.parts.questions, this.task_?.scans ?? []);
  }

  /** Says what is missing, and takes the keyboard there. */
  private isComplete(): boolean {
    const { panel, questions } = this.parts;
    const missing = unanswered(this.sheet, questions);
    for (const question of missing) panel.field(question)?.say("This question needs an answer.");
    const invalid = panel.firstInvalid();
    const first = (missing[0] && panel.field(missing[0])) ?? invalid;
    first?.focus();
    return first === undefined;
  }

  private async send(result: ResultItem[], reason: string): Promise<void> {
    const task = this.task_;
    if (!task) return;
    const submission = {
      result,
      lead_time: this.parts.clock.seconds(),
      comment: this.comment,
      unique_id: crypto.randomUUID(),
      was_cancelled: reason !== "",
      skip_reason: reason,
    };
    this.setState("submitting");
    this.drafts.stop();
    await this.guarded(
      async () => {
        const { next, why } = await this.parts.outbox.send(task.id, submission);
        this.parts.notice.clear();
        this.parts.frame.setWhy(why);
        this.setRead(this.read + 1);
        await this.openNext(next);
      },
      "ready",
      async () => {
        // Not taken: the answer stays on the screen, and is a draft again.
        await this.parts.journal.dropSubmission(submission.unique_id);
        await this.drafts.start(task.id, task.draft);
        this.drafts.changed();
      },
    );
  }

  private async openNext(reply: NextReply): Promise<void> {
    if (reply.task) await this.open(reply.task);
    else this.showEmpty(reply.reason);
  }

  private async open(task: Task): Promise<void> {
    const { clock, frame, panel, prefetch, regions, screen } = this.parts;
    this.setState("loading", task);
    const late = setTimeout(() => frame.cover("Loading…"), LATE_MS);
    this.renewedAt = Date.now();
    this.claimLasts = Math.max(0, Date.parse(task.claim.expires_at) - this.renewedAt);
    const draft = await this.drafts.start(task.id, task.draft);
    this.sheet = fromResult(draft?.result ?? [], this.parts.questions);
    this.comment = draft?.comment ?? "";
    panel.clear();
    await screen.show(task).finally(() => clearTimeout(late));
    prefetch.only(task, this.ahead);
    this.setRead(task.read);
    regions.load(this.sheet, task.scans);
    clock.restart(draft?.lead_time ?? 0);
    this.refresh();
    frame.cover("");
    frame.root.dataset["imageShown"] = task.scans.map(({ id }) => id).join(" ");
    this.setState("ready", task);
    panel.takeFocus(frame.stage);
    void this.prepare(task);
  }

  /** Fetches the rest of the task in hand, and the task that will most likely follow it. */
  private async prepare(task: Task): Promise<void> {
    const { api, prefetch } = this.parts;
    void prefetch.inHand(task);
    try {
      this.ahead = (await api.ahead()).task;
    } catch {
      // Reading goes on without: the next task's frames are then fetched when it is opened.
      this.ahead = null;
    }
    if (this.task_ === task && this.ahead) await prefetch.ahead(this.ahead);
  }

  private setRead(read: number): void {
    this.read = read;
    this.parts.frame.setRead(read);
  }

  private showEmpty(reason: string | undefined): void {
    this.drafts.stop();
    this.sheet = emptySheet();
    this.comment = "";
    this.parts.panel.clear();
    this.parts.regions.clear();
    this.refresh();
    this.parts.prefetch.only(null);
    this.parts.frame.coverEnd(reason || "Nothing is left to read.");
    this.setState("empty", null);
  }

  private setState(state: RoomState, task: Task | null = this.task_): void {
    const { frame, panel } = this.parts;
    if (task !== this.task_) delete frame.root.dataset["imageShown"];
    this.task_ = task;
    this.state_ = state;
    frame.root.dataset["state"] = state;
    frame.root.dataset["task"] = String(task?.id ?? "");
    frame.root.toggleAttribute("data-volume", this.isVolume);
    panel.setBusy(state !== "ready");
  }

  /** Runs a step of the flow; what goes wrong is said, and the room is left in a state to go on from. */
  private async guarded(
    step: () => Promise<void>,
    after: RoomState = "error",
    refused: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    try {
      await step();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isLoading = this.state_ === "loading";
      if (isSessionEnd(error)) {
        this.setState("error");
        this.sayMustLogIn(message);
      } else if (isLoading || after === "error") {
        this.setState("error");
        // Never the last scan behind an error about the next.
        this.parts.frame.cover("This scan could not be shown.");
        this.parts.notice.say(`${message} Your answers are safe.`, "bad", {
          text: "Try again",
          act: () => void this.start(),
        });
      } else {
        await refused();
        this.setState(after);
        this.parts.panel.takeFocus(this.parts.frame.stage);
        this.parts.notice.pass(message, "warning");
      }
    }
  }

  private sayMustLogIn(message: string): void {
    this.parts.notice.say(`${message} Your answer is kept on this computer.`, "bad", {
      text: "Log in again",
      act: window.location.href,
    });
  }

  private draftRefused(error: Error): void {
    if (isSessionEnd(error)) this.sayMustLogIn(error.message);
    else {
      this.parts.notice.say(`${error.message} Your draft is kept on this computer.`, "warning", {
        text: "Next scan",
        act: () => void this.start(),
      });
    }
  }

  private waiting(isWaiting: boolean): void {
    if (!isWaiting) return this.parts.notice.clear();
    this.parts.notice.say(
      "No connection. Your answer is kept on this computer and is sent as soon as there is one.",
      "warning",
      { text: "Send now", act: () => this.parts.outbox.retryNow() },
    );
  }
}
