import type { Asked, ResultItem, Submission, Task } from "../types";
import type { Decisions } from "./suggestions";

/** What the reader gives with an answer, or in its place. */
export interface Given {
  result: ResultItem[];
  comment: string;
  leadTime: number;
  /** Why the task cannot be judged; empty where it was. */
  skipReason: string;
  /** Why an earlier answer is corrected. */
  reason: string;
  /** What became of each mark that the model suggested. */
  decisions: Decisions;
  /** What the page asks, by whatever label config it was opened. */
  asked: Asked;
}

/** One answer to a task, under a number of its own: sent twice it is still one. */
export function submissionOf(task: Task, given: Given): Submission {
  return {
    result: given.result,
    lead_time: given.leadTime,
    comment: given.comment,
    unique_id: crypto.randomUUID(),
    was_cancelled: given.skipReason !== "",
    skip_reason: given.skipReason,
    decisions: given.decisions,
    asked: given.asked,
    ...(task.corrects ? { corrects: task.corrects, reason: given.reason } : {}),
  };
}
