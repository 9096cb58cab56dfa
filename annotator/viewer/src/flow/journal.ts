import { t } from "../i18n";
import type { Draft, Submission } from "../types";

/**
 * What the reader has done and the server has not yet acknowledged, kept in the browser's database:
 * it outlives a crash of the page, of the browser and of the server.
 */

export interface JournalledDraft extends Draft {
  /** The answer that it corrects; none in a draft of a first answer. */
  corrects?: number | null;
}

export interface JournalledSubmission {
  unique_id: string;
  owner: string;
  task: number;
  submission: Submission;
  /** They are sent lowest first. */
  sequence: number;
}

const DRAFTS = "drafts";
const SUBMISSIONS = "submissions";

function finished<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(t("The journal could not be read.")));
  });
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open("scout-reading", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(DRAFTS, { keyPath: "key" });
    request.result.createObjectStore(SUBMISSIONS, { keyPath: "unique_id" });
  };
  return finished(request);
}

export class Journal {
  /** This computer keeps nothing more: what is done from here on is safe on the server alone. */
  onFull: () => void = () => undefined;
  private isFull = false;

  private constructor(
    private readonly database: IDBDatabase | null,
    /** Reader and project: people who share a workstation do not see each other's journal. */
    private readonly owner: string,
  ) {}

  static async open(owner: string): Promise<Journal> {
    // A browser may refuse its database: reading goes on, with the server alone.
    return new Journal(await openDatabase().catch(() => null), owner);
  }

  async draft(task: number): Promise<JournalledDraft | undefined> {
    const store = this.database?.transaction(DRAFTS).objectStore(DRAFTS);
    if (!store) return undefined;
    return (await finished(store.get(this.key(task)))) as JournalledDraft | undefined;
  }

  /** False where this computer could not keep it. */
  keepDraft(task: number, draft: JournalledDraft): Promise<boolean> {
    return this.keep(DRAFTS, { ...draft, key: this.key(task) });
  }

  dropDraft(task: number): Promise<void> {
    return this.drop(DRAFTS, this.key(task));
  }

  /** In the order in which they are to be sent. */
  async submissions(): Promise<JournalledSubmission[]> {
    const store = this.database?.transaction(SUBMISSIONS).objectStore(SUBMISSIONS);
    const all = store ? ((await finished(store.getAll())) as JournalledSubmission[]) : [];
    const own = all.filter((entry) => entry.owner === this.owner);
    return own.sort((a, b) => a.sequence - b.sequence);
  }

  /** The entry as it is kept, and whether this computer could keep it. */
  async keepSubmission(
    task: number,
    submission: Submission,
    sequence: number,
  ): Promise<{ entry: JournalledSubmission; isKept: boolean }> {
    const { unique_id } = submission;
    const entry = { unique_id, owner: this.owner, task, submission, sequence };
    return { entry, isKept: await this.keep(SUBMISSIONS, entry) };
  }

  dropSubmission(uniqueId: string): Promise<void> {
    return this.drop(SUBMISSIONS, uniqueId);
  }

  private key(task: number): string {
    return `${this.owner}/${task}`;
  }

  private async keep(name: string, value: unknown): Promise<boolean> {
    try {
      await this.write(name, (store) => store.put(value));
      this.isFull = false;
      return true;
    } catch {
      // Said once, not with every stroke.
      if (!this.isFull) this.onFull();
      this.isFull = true;
      return false;
    }
  }

  /** What could not be dropped is sent again, and the server takes it once. */
  private drop(name: string, key: string): Promise<void> {
    return this.write(name, (store) => store.delete(key)).catch(() => undefined);
  }

  /** Resolves when the change has reached the disk, not merely the browser. */
  private write(name: string, change: (store: IDBObjectStore) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.database) throw new Error(t("The journal could not be written."));
      const transaction = this.database.transaction(name, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () =>
        reject(transaction.error ?? new Error(t("The journal could not be written.")));
      change(transaction.objectStore(name));
    });
  }
}
