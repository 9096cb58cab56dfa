import { fromResult, toResult } from "../answers/result";
import { emptySheet, type Sheet } from "../answers/sheet";
import { submissionOf } from "../answers/submission";
import { t } from "../i18n";
import type { NextReply, ResultItem, Task } from "../types";
import { isComplete } from "./completeness";
import { Drafts } from "./drafts";
import { Echo } from "./echo";
import { Hold } from "./hold";
import type { ApiError } from "./http";
import { isSessionEnd } from "./outbox";
import type { RoomParts, RoomState } from "./roomparts";
import { Strokes } from "./strokes";
import { Trouble } from "./trouble";

/** A scan that was prefetched is there sooner, and needs no word. */
const LATE_MS = 300;

/** The reading room: which task is in hand, what has been answered, and what happens next. */
export class Room {
  sheet: Sheet = emptySheet();
  comment = "";
  /** Why an earlier answer is corrected. */
  reason = "";
  readonly drafts: Drafts;
  private readonly strokes: Strokes;
  private readonly trouble: Trouble;
  private task_: Task | null = null;
  private state_: RoomState = "loading";
  private read = 0;
  readonly hold = new Hold();
  private readonly echo = new Echo(() => performance.now());
  /** This tab is the one that reads. */
  private isHere = true;
  /** The session is over: what is opened from here on could not be sent. */
  private ended: Error | null = null;

  constructor(private readonly parts: RoomParts) {
    const { frame, journal, notice, outbox, regions } = parts;
    this.trouble = new Trouble(frame, notice, () => void this.start());
    this.drafts = new Drafts(parts.api, journal, () => ({
      result: this.result(),
      comment: this.comment,
      lead_time: parts.clock.seconds(),
      decisions: parts.help?.decisions ?? {},
    }));
    parts.help?.bind(this);
    this.drafts.onState = (state) => frame.setSaved(state);
    this.drafts.onRefused = (error) => this.trouble.draftRefused(error);
    this.strokes = new Strokes(() => {
      regions.read(this.sheet);
      this.changed();
    });
    regions.onChange = () => this.strokes.drawn();
    journal.onFull = () => this.trouble.storageFull();
    outbox.onState = (unsent, isOffline) => this.showUnsent(unsent, isOffline);
    outbox.onSent = (reply) => {
      const isLast = outbox.unsent <= 1;
      frame.setWhy(isLast ? reply.why : "");
      if (isLast) parts.help?.answered(reply);
    };
    outbox.onRefused = () => this.takeUpRefused();
    outbox.onSessionEnd = (error) => this.endSession(error);
  }

  get task(): Task | null {
    return this.task_;
  }

  get state(): RoomState {
    return this.state_;
  }

  /** A saved draft renews the claim, and asking again renews those ahead. */
  async renew(): Promise<void> {
    this.hold.renew();
    if (this.task_) void this.parts.ahead.fill(this.task_);
    await this.drafts.save();
  }

  /** Sends what an earlier sitting left, then opens the task in hand. */
  async start(): Promise<void> {
    const { ahead, api, notice, outbox } = this.parts;
    this.ended = null;
    this.isHere = true;
    ahead.clear();
    this.setState("loading");
    await this.guarded(async () => {
      const left = await outbox.resume();
      await outbox.settled();
      const refusal = outbox.takeRefusal();
      notice.clear();
      await this.openNext(await api.next());
      if (refusal) this.trouble.answerRefused(refusal);
      else notice.sentLater(left);
    });
  }

  /** Leaves the room to another tab. */
  async standDown(): Promise<void> {
    await this.drafts.flush();
    this.drafts.stop();
    this.parts.outbox.stop();
    this.parts.ahead.clear();
  }

  /** Says that another tab has the room. */
  showElsewhere(readHere: () => void): void {
    this.isHere = false;
    this.setState("elsewhere");
    this.trouble.elsewhere(readHere);
  }

  /** The answer changed: show it, and keep it. */
  changed(): void {
    this.parts.notice.settle();
    this.echo.worked();
    this.refresh();
    this.drafts.changed();
  }

  refresh(): void {
    const { panel, regions } = this.parts;
    panel.update(this.sheet, this.comment, regions.label, regions.selected);
    panel.showMeasured(regions.measured);
    this.parts.help?.changed();
  }

  /** Shows one of the answers to a task that is only looked at. */
  look(result: readonly ResultItem[], comment: string): void {
    this.fill(result, comment);
    this.parts.regions.load(this.sheet, this.task_?.scans ?? []);
    this.parts.screen.render();
    this.refresh();
  }

  async submit(): Promise<void> {
    if (this.state_ !== "ready") return;
    this.strokes.read();
    if (this.echo.isHeard) return;
    if (isComplete(this.sheet, this.parts)) await this.send(this.result(), "");
  }

  async skip(reason: string): Promise<void> {
    if (this.state_ === "ready") await this.send([], reason);
  }

  async undo(): Promise<void> {
    if (this.state_ !== "ready" && this.state_ !== "empty") return;
    const { api, frame, notice, outbox } = this.parts;
    if (outbox.isWaiting) {
      notice.pass(t("Your last answer waits for the connection. Take it back once it is sent."), "warning");
      return;
    }
    await this.guarded(async () => {
      await outbox.settled();
      if (this.task_) await this.drafts.save();
      const { task } = await api.undo();
      notice.clear();
      frame.setWhy("");
      this.parts.help?.forget();
      this.parts.ahead.clear();
      this.echo.worked();
      await this.open(task);
      this.setRead(task.read, task.may_undo);
      notice.pass(t("Your last answer is taken back. Change it, then submit it again."));
    }, this.state_);
  }

  private fill(result: readonly ResultItem[], comment: string): void {
    this.sheet = fromResult(result, this.parts.questions);
    this.comment = comment;
  }

  private result(): ResultItem[] {
    this.strokes.read();
    return toResult(this.sheet, this.parts.questions, this.task_?.scans ?? []);
  }

  /** Puts the answer into the outbox and goes on, without waiting for the server where it can. */
  private async send(result: ResultItem[], skipReason: string): Promise<void> {
    const task = this.task_;
    if (!task) return;
    const { ahead, asked, clock, frame, notice, outbox } = this.parts;
    const { comment, reason } = this;
    const leadTime = clock.seconds();
    const decisions = this.parts.help?.decisions ?? {};
    const given = { result, comment, leadTime, skipReason, reason, decisions, asked };
    const submission = submissionOf(task, given);
    this.echo.given();
    this.setState("submitting");
    this.drafts.stop();
    await this.guarded(async () => {
      notice.clear();
      frame.setWhy("");
      this.parts.help?.forget();
      const isKept = await outbox.add(task.id, submission);
      if (!task.corrects) this.setRead(this.read + 1, true);
      if (!isKept) await outbox.settled();
      const following = ahead.take();
      if (following) await this.open(following);
      else await this.openAnswered();
    });
  }

  /** Opens what the server gives with its reply; until that comes there is nothing to read. */
  private async openAnswered(): Promise<void> {
    const { outbox } = this.parts;
    this.showUnsent(outbox.unsent, outbox.isWaiting);
    const reply = await outbox.settled();
    if (reply) await this.openNext(reply);
    else await this.start(); // it was refused: its task is opened again
  }

  private async openNext(reply: NextReply): Promise<void> {
    if (!reply.task) return this.showEmpty(reply.reason);
    await this.open(reply.task);
    this.setRead(reply.task.read, reply.task.may_undo);
  }

  private async open(task: Task): Promise<void> {
    const { ahead, clock, frame, help, outbox, panel, regions, screen } = this.parts;
    if (!this.isHere) return;
    this.setState("loading", task);
    const late = setTimeout(() => frame.cover(t("Loading…")), LATE_MS);
    this.hold.begin(task);
    const draft = await this.drafts.start(task);
    this.fill(draft?.result ?? [], draft?.comment ?? "");
    panel.clear();
    help?.close();
    // Before the images come, so that they are drawn once, with what is marked on them.
    regions.load(this.sheet, task.scans);
    await screen.show(task).finally(() => clearTimeout(late));
    if (!this.isHere) return;
    help?.open(task, draft);
    clock.restart(draft?.lead_time ?? 0);
    this.refresh();
    frame.cover("");
    this.echo.opened();
    frame.imageShown(task);
    this.setState(task.is_read_only ? "looking" : "ready", task);
    if (this.ended) return this.endSession(this.ended);
    panel.takeFocus(frame.stage);
    if (outbox.isRefused) this.takeUpRefused();
    else void ahead.fill(task);
  }

  /** Goes back to a task whose answer was refused; the one in hand waits as a draft. */
  private takeUpRefused(): void {
    if (this.state_ !== "ready" && this.state_ !== "empty") return;
    void this.drafts.flush().then(() => {
      this.drafts.stop();
      return this.start();
    });
  }

  private setRead(read: number, mayUndo: boolean): void {
    this.read = read;
    this.parts.frame.setRead(read);
    this.parts.panel.offerUndo(mayUndo && !this.task_?.corrects && !this.task_?.is_read_only);
  }

  private showUnsent(unsent: number, isOffline: boolean): void {
    const { frame, outbox } = this.parts;
    frame.setUnsent(unsent, isOffline);
    if (isOffline && (this.state_ === "submitting" || this.state_ === "loading")) {
      this.trouble.nothingFetched(() => outbox.retryNow());
    }
  }

  private showEmpty(reason: string | undefined): void {
    this.drafts.stop();
    this.fill([], "");
    this.parts.panel.clear();
    this.parts.regions.clear();
    this.parts.help?.close();
    this.refresh();
    this.parts.ahead.leave();
    this.parts.frame.coverEnd(reason || t("Nothing is left to read."));
    this.setState("empty", null);
  }

  private setState(state: RoomState, task: Task | null = this.task_): void {
    const { frame, panel } = this.parts;
    if (task !== this.task_) frame.forgetImage();
    this.task_ = task;
    this.state_ = state;
    frame.showState(state, task);
    panel.setBusy(state !== "ready");
  }

  private endSession(error: Error): void {
    this.ended = error;
    this.setState("error");
    this.trouble.sessionEnded(error);
  }

  /** Runs a step of the flow; what goes wrong is said, and the room is left in a state to go on from. */
  private async guarded(step: () => Promise<void>, after: RoomState = "error"): Promise<void> {
    try {
      await step();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (isSessionEnd(error)) return this.endSession(error as ApiError);
      if (this.state_ === "loading" || after === "error") {
        this.setState("error");
        this.trouble.notShown(message);
      } else {
        this.setState(after);
        this.parts.panel.takeFocus(this.parts.frame.stage);
        this.parts.notice.pass(message, "warning");
      }
    }
  }
}
