import type { AnnotationReply, Bootstrap, Draft, NextReply, Submission, Task } from "../types";
import { retried, send } from "./http";

/** The reading API of one project. */
export class ReadingApi {
  constructor(protected readonly urls: Bootstrap["urls"]) {}

  next(): Promise<NextReply> {
    return retried(() => send<NextReply>("POST", this.urls.next));
  }

  /** Reserves so many tasks behind the one in hand. */
  async ahead(count: number): Promise<Task[]> {
    return (await send<{ tasks: Task[] }>("POST", this.urls.ahead, { count })).tasks;
  }

  undo(): Promise<{ task: Task }> {
    return send("POST", this.urls.undo);
  }

  submit(task: number, submission: Submission): Promise<AnnotationReply> {
    const { annotations, corrections } = this.urls;
    const url = submission.corrects
      ? corrections.replace("{annotation}", String(submission.corrects))
      : annotations.replace("{task}", String(task));
    return send("POST", url, submission);
  }

  saveDraft(task: number, draft: Draft): Promise<{ version: number }> {
    return send("PUT", this.urls.draft.replace("{task}", String(task)), draft);
  }
}
