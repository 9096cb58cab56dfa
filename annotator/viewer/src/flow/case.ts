import { t } from "../i18n";
import type { AnnotationReply, Bootstrap, Draft, NextReply, Opened, Submission, Task } from "../types";
import { ReadingApi } from "./api";
import { ApiError, send } from "./http";

/**
 * The reading API while a task out of a list is open: that task comes first. Once it is corrected
 * the reader's own queue goes on, with the task in their hand.
 */
export class CaseApi extends ReadingApi {
  /** Of the unfinished correction, as this page last had or sent it. */
  private version: number;

  constructor(
    urls: Bootstrap["urls"],
    private opened: Opened | null,
    private readonly onBack: () => void,
  ) {
    super(urls);
    this.version = opened?.task.draft?.version ?? 0;
  }

  override next(): Promise<NextReply> {
    return this.opened ? Promise.resolve({ task: this.opened.task }) : super.next();
  }

  /** Nothing is reserved while an earlier case is open: the queue stands as it was left. */
  override ahead(count: number): Promise<Task[]> {
    return this.opened ? Promise.resolve([]) : super.ahead(count);
  }

  override undo(): Promise<{ task: Task }> {
    if (!this.opened) return super.undo();
    const says = t("An earlier case is open. Go back to your queue first.");
    return Promise.reject(new ApiError(409, says));
  }

  override async submit(task: number, submission: Submission): Promise<AnnotationReply> {
    const reply = await super.submit(task, submission);
    if (submission.corrects && submission.corrects === this.opened?.task.corrects) {
      this.opened = null;
      this.onBack();
    }
    return reply;
  }

  /** An unfinished correction is kept beside the answer given, which counts. */
  override saveDraft(task: number, draft: Draft): Promise<{ version: number }> {
    const url = this.correctionUrl(task);
    if (!url) return super.saveDraft(task, draft);
    this.version = draft.version;
    return send("PUT", url, draft);
  }

  /** The answer stays as it is: what was begun here to be corrected is forgotten. */
  async forgetCorrection(task: number): Promise<void> {
    const url = this.correctionUrl(task);
    if (url) await send("DELETE", `${url}?version=${this.version}`);
  }

  private correctionUrl(task: number): string | null {
    const { corrects, id } = this.opened?.task ?? {};
    return corrects && id === task ? this.urls.correction_draft.replace("{annotation}", String(corrects)) : null;
  }
}
