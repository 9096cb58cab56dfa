import type { AnnotationReply, Submission } from "../types";
import type { ReadingApi } from "./api";
import { ApiError, isPassing } from "./http";
import type { Journal } from "./journal";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** What became of a submission left over from an earlier sitting. */
export interface Replayed {
  task: number;
  refusal: string | null;
}

/** Sends submissions. What it was given is in the journal until the server has acknowledged it. */
export class Outbox {
  private wake: (() => void) | null = null;
  /** Called when the server cannot be reached, and when it can again. */
  onWaiting: (isWaiting: boolean) => void = () => undefined;

  constructor(
    private readonly api: ReadingApi,
    private readonly journal: Journal,
  ) {
    window.addEventListener("online", () => this.retryNow());
  }

  /** Throws ApiError where the server refuses it or the session has ended. */
  async send(task: number, submission: Submission): Promise<AnnotationReply> {
    await this.journal.keepSubmission(task, submission);
    const reply = await this.post(task, submission);
    await this.journal.dropDraft(task);
    await this.journal.dropSubmission(submission.unique_id);
    return reply;
  }

  /** Sends what an earlier sitting left; a refused answer becomes a draft again. */
  async replay(): Promise<Replayed[]> {
    const replayed: Replayed[] = [];
    for (const { task, submission } of await this.journal.submissions()) {
      try {
        await this.post(task, submission);
        await this.journal.dropDraft(task);
        replayed.push({ task, refusal: null });
      } catch (error) {
        if (!(error instanceof ApiError) || isSessionEnd(error)) throw error;
        replayed.push({ task, refusal: error.message });
      }
      await this.journal.dropSubmission(submission.unique_id);
    }
    return replayed;
  }

  /** Ends the present wait. */
  retryNow(): void {
    this.wake?.();
  }

  private async post(task: number, submission: Submission): Promise<AnnotationReply> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        const reply = await this.api.submit(task, submission);
        this.onWaiting(false);
        return reply;
      } catch (error) {
        if (!isPassing(error)) {
          this.onWaiting(false);
          throw error;
        }
        this.onWaiting(true);
        await this.pause(wait);
      }
    }
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
