import type { AnnotationReply, Bootstrap, Draft, HeatAsked, ModelSays, NextReply, Submission, Task } from "../types";
import { ApiError, retried, send } from "./http";

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

  /** What the model says of a task that is answered, which then stands. */
  modelSays(task: number): Promise<ModelSays> {
    return send("POST", this.urls.model.replace("{task}", String(task)));
  }

  /** Where a frame speaks for an answer, as a grey picture; null: the learner is still at it. */
  async explanation(task: number, asked: HeatAsked, signal: AbortSignal): Promise<Blob | null> {
    const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
    const url = `${this.urls.explanation.replace("{task}", String(task))}?${query}`;
    const response = await fetch(url, { credentials: "same-origin", signal });
    if (!response.ok) throw await ApiError.from(response);
    return response.status === 202 ? null : response.blob();
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
