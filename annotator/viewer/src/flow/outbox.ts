import type { AnnotationReply, NextReply, Submission } from "../types";
import type { ReadingApi } from "./api";
import { ApiError, isPassing } from "./http";
import type { Journal, JournalledSubmission } from "./journal";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

interface Settling {
  resolve: (next: NextReply | null) => void;
  reject: (error: ApiError) => void;
}

/**
 * Sends submissions one after another, in the order in which they were given. Each is in the journal
 * until the server has acknowledged it, so that reading goes on meanwhile.
 */
export class Outbox {
  private queue: JournalledSubmission[] = [];
  private isSending = false;
  private isStopped = false;
  private isOffline = false;
  private wake: (() => void) | null = null;
  private settling: Settling[] = [];
  private next: NextReply | null = null;
  private refusal: string | null = null;
  /** How many are still to be acknowledged, and whether the server cannot be reached. */
  onState: (unsent: number, isOffline: boolean) => void = () => undefined;
  onSent: (reply: AnnotationReply) => void = () => undefined;
  /** The server did not take an answer; it is a draft again. Told when all the others are sent. */
  onRefused: () => void = () => undefined;
  /** The session is over: nothing is sent before the reader has logged in again. */
  onSessionEnd: (error: ApiError) => void = () => undefined;

  constructor(
    private readonly api: ReadingApi,
    private readonly journal: Journal,
  ) {
    window.addEventListener("online", () => this.retryNow());
  }

  get unsent(): number {
    return this.queue.length;
  }

  get isWaiting(): boolean {
    return this.isOffline && this.queue.length > 0;
  }

  /** Takes up what an earlier sitting left, or another tab; how many answers that are. */
  async resume(): Promise<number> {
    this.isStopped = false;
    this.retryNow();
    if (!this.isSending) this.queue = await this.journal.submissions();
    void this.pump();
    return this.queue.length;
  }

  /** Leaves the rest to the tab that goes on. */
  stop(): void {
    this.isStopped = true;
    this.wake?.();
  }

  /** Resolves when it is kept; false where this computer could not, so that it is to be waited for. */
  async add(task: number, submission: Submission): Promise<boolean> {
    const sequence = (this.queue.at(-1)?.sequence ?? 0) + 1;
    const { entry, isKept } = await this.journal.keepSubmission(task, submission, sequence);
    this.queue.push(entry);
    void this.pump();
    return isKept;
  }

  /** What the last reply gave as the next task, once nothing waits; null where it was no reply. */
  settled(): Promise<NextReply | null> {
    if (this.queue.length === 0) return Promise.resolve(this.next);
    return new Promise((resolve, reject) => this.settling.push({ resolve, reject }));
  }

  get isRefused(): boolean {
    return this.refusal !== null;
  }

  /** What the server said of an answer that it did not take; null from then on. */
  takeRefusal(): string | null {
    const { refusal } = this;
    this.refusal = null;
    return refusal;
  }

  /** Ends the present wait. */
  retryNow(): void {
    this.wake?.();
  }

  private async pump(): Promise<void> {
    this.tell();
    if (this.isSending) return;
    this.isSending = true;
    try {
      for (let [entry] = this.queue; entry; [entry] = this.queue) {
        await this.send(entry);
        if (this.isStopped) return;
        this.queue.shift();
        this.tell();
      }
      this.settle(({ resolve }) => resolve(this.next));
      if (this.isRefused) this.onRefused();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.onSessionEnd(error);
      this.settle(({ reject }) => reject(error));
    } finally {
      this.isSending = false;
    }
  }

  private async send({ task, submission }: JournalledSubmission): Promise<void> {
    try {
      const reply = await this.post(task, submission);
      if (!reply) return;
      this.next = reply.next;
      await this.journal.dropDraft(task);
      this.onSent(reply);
    } catch (error) {
      if (!(error instanceof ApiError) || isSessionEnd(error)) throw error;
      await this.backToDraft(task, submission);
      this.next = null;
      this.refusal = error.message;
    }
    await this.journal.dropSubmission(submission.unique_id);
  }

  private async backToDraft(task: number, submission: Submission): Promise<void> {
    const { result, comment, lead_time, decisions = {}, corrects = null } = submission;
    const version = ((await this.journal.draft(task))?.version ?? 0) + 1;
    await this.journal.keepDraft(task, { result, comment, lead_time, decisions, version, corrects });
  }

  /** Tries until the server answers; null when it was stopped meanwhile. */
  private async post(task: number, submission: Submission): Promise<AnnotationReply | null> {
    for (let wait = FIRST_WAIT_MS; !this.isStopped; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        const reply = await this.api.submit(task, submission);
        this.isOffline = false;
        return reply;
      } catch (error) {
        this.isOffline = isPassing(error);
        if (!this.isOffline) throw error;
        this.tell();
        await this.pause(wait);
      }
    }
    return null;
  }

  private tell(): void {
    this.onState(this.queue.length, this.isWaiting);
  }

  private settle(by: (settling: Settling) => void): void {
    const waiting = this.settling;
    this.settling = [];
    waiting.forEach(by);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** 401 and 403: signed out, or signed in as somebody who may not. The journal is kept either way. */
export function isSessionEnd(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}
