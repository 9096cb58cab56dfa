import { t } from "../i18n";
import type { Draft, Submission } from "../types";

/**
 * What the reader has done and the server has not yet acknowledged, kept in the browser's database:
 * it outlives a crash of the page, of the browser and of the server.
 */

export interface JournalledDraft extends Draft {
  key: string;
}

export interface JournalledSubmission {
  unique_id: string;
  owner: string;
  task: number;
  submission: Submission;
}

const DRAFTS = "drafts";
const SUBMISSIONS = "submissions";

function finished<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(t("The journal could not be read.")));
  });
}

export class Journal {
  private constructor(
    private readonly database: IDBDatabase,
    /** Reader and project: people who share a workstation do not see each other's journal. */
    private readonly owner: string,
  ) {}

  static async open(owner: string): Promise<Journal> {
    const request = indexedDB.open("scout-reading", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(DRAFTS, { keyPath: "key" });
      request.result.createObjectStore(SUBMISSIONS, { keyPath: "unique_id" });
    };
    return new Journal(await finished(request), owner);
  }

  async draft(task: number): Promise<JournalledDraft | undefined> {
    const store = this.database.transaction(DRAFTS).objectStore(DRAFTS);
    return (await finished(store.get(this.key(task)))) as JournalledDraft | undefined;
  }

  keepDraft(task: number, draft: Draft): Promise<void> {
    return this.write(DRAFTS, (store) => store.put({ ...draft, key: this.key(task) }));
  }

  dropDraft(task: number): Promise<void> {
    return this.write(DRAFTS, (store) => store.delete(this.key(task)));
  }

  async submissions(): Promise<JournalledSubmission[]> {
    const store = this.database.transaction(SUBMISSIONS).objectStore(SUBMISSIONS);
    const all = (await finished(store.getAll())) as JournalledSubmission[];
    return all.filter((entry) => entry.owner === this.owner);
  }

  keepSubmission(task: number, submission: Submission): Promise<void> {
    const entry: JournalledSubmission = {
      unique_id: submission.unique_id,
      owner: this.owner,
      task,
      submission,
    };
    return this.write(SUBMISSIONS, (store) => store.put(entry));
  }

  dropSubmission(uniqueId: string): Promise<void> {
    return this.write(SUBMISSIONS, (store) => store.delete(uniqueId));
  }

  private key(task: number): string {
    return `${this.owner}/${task}`;
  }

  /** Resolves when the change has reached the disk, not merely the browser. */
  private write(name: string, change: (store: IDBObjectStore) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(name, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () =>
        reject(transaction.error ?? new Error(t("The journal could not be written.")));
      change(transaction.objectStore(name));
    });
  }
}
