import type { SaveState } from "../page/frame";
import type { Draft, Task } from "../types";
import type { ReadingApi } from "./api";
import { ApiError, isPassing, pause } from "./http";
import type { Journal } from "./journal";

const JOURNAL_AFTER_MS = 50;
const SAVE_AFTER_MS = 1500;
const RETRY_AFTER_MS = 3000;
const FLUSH_WITHIN_MS = 2000;

type DraftContent = Omit<Draft, "version">;

/** What is known of a task where its draft is begun. */
type Begun = Pick<Task, "id" | "draft" | "corrects" | "is_read_only">;

/** Keeps the unfinished answer: at once in the journal, within two seconds on the server. */
export class Drafts {
  private task: number | null = null;
  /** The answer that is corrected; null where it is the first. */
  private corrects: number | null = null;
  private version = 0;
  private journalTimer = 0;
  private saveTimer = 0;
  /** This computer has the newest version. */
  private isKept = false;
  onState: (state: SaveState) => void = () => undefined;
  /** The server refused the draft of the task in hand. */
  onRefused: (error: ApiError) => void = () => undefined;

  constructor(
    private readonly api: ReadingApi,
    private readonly journal: Journal,
    private readonly content: () => DraftContent,
  ) {}

  /**
   * The newer of what the server and this browser have; from here on the task's changes are kept. Of a
   * task that is only looked at it is what the server has.
   */
  async start({ id, draft: fromServer, corrects = null, is_read_only: isReadOnly }: Begun): Promise<Draft | null> {
    if (isReadOnly) {
      this.stop();
      return fromServer;
    }
    const fromJournal = await this.ownDraft(id, corrects);
    this.task = id;
    this.corrects = corrects;
    const isLocalNewer = (fromJournal?.version ?? 0) > (fromServer?.version ?? 0);
    const newer = isLocalNewer ? fromJournal : fromServer;
    this.version = newer?.version ?? 0;
    this.onState(newer ? (isLocalNewer ? "local" : "saved") : "");
    if (isLocalNewer) this.saveSoon(0);
    return newer;
  }

  /** What this browser has; not a correction of another answer than the one that counts now. */
  private async ownDraft(task: number, corrects: number | null): Promise<Draft | null> {
    const draft = await this.journal.draft(task);
    return draft && (draft.corrects ?? null) === corrects ? draft : null;
  }

  /** Ends the keeping of this task's draft: it is being submitted, or another task is opened. */
  stop(): void {
    clearTimeout(this.journalTimer);
    clearTimeout(this.saveTimer);
    this.journalTimer = this.saveTimer = 0;
    this.task = null;
    this.onState("");
  }

  changed(): void {
    if (this.task === null) return;
    this.onState("saving");
    this.journalTimer ||= window.setTimeout(() => void this.keep(), JOURNAL_AFTER_MS);
    this.saveSoon(SAVE_AFTER_MS);
  }

  /** Saves now: also renews the reader's claim. */
  async save(): Promise<void> {
    clearTimeout(this.saveTimer);
    this.saveTimer = 0;
    const { task } = this;
    if (task === null) return;
    const draft = { ...this.content(), version: ++this.version };
    this.isKept = await this.journal.keepDraft(task, { ...draft, corrects: this.corrects });
    try {
      const { version } = await this.api.saveDraft(task, draft);
      this.version = Math.max(this.version, version);
      if (this.task === task && this.saveTimer === 0) this.onState("saved");
    } catch (error) {
      if (this.task === task) this.failed(error);
    }
  }

  /** Keeps and saves now, and waits no longer than a moment for the server. */
  async flush(): Promise<void> {
    await Promise.race([this.save(), pause(FLUSH_WITHIN_MS)]);
  }

  private async keep(): Promise<void> {
    this.journalTimer = 0;
    if (this.task === null) return;
    const draft = { ...this.content(), version: ++this.version, corrects: this.corrects };
    this.isKept = await this.journal.keepDraft(this.task, draft);
  }

  private saveSoon(wait: number): void {
    // Counted from the first unsaved change: a reader who types on and on is saved all the same.
    this.saveTimer ||= window.setTimeout(() => void this.save(), wait);
  }

  private failed(error: unknown): void {
    this.onState(this.isKept ? "local" : "unsaved");
    if (isPassing(error)) this.saveSoon(RETRY_AFTER_MS);
    else if (error instanceof ApiError) this.onRefused(error);
  }
}
