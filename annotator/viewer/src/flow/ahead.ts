import type { Task } from "../types";
import type { ReadingApi } from "./api";
import type { Outbox } from "./outbox";
import type { Prefetch } from "./prefetch";

const MOST = 2;
/**
 * The second task is chosen this long after the case in hand was opened: by then the ranking knows
 * the answer given last, so that reserving two makes the order no staler than reserving one.
 */
const FRESH_AFTER_MS = 1000;

/** The tasks that will follow the one in hand, reserved and fetched early. */
export class Ahead {
  private tasks: Task[] = [];
  /** What was asked for an earlier task in hand is of no use. */
  private turn = 0;

  constructor(
    private readonly api: ReadingApi,
    private readonly outbox: Outbox,
    private readonly prefetch: Prefetch,
  ) {}

  /** The task that follows, where one is reserved. */
  take(): Task | undefined {
    this.turn += 1;
    return this.tasks.shift();
  }

  /** What follows is to be asked for anew. */
  clear(): void {
    this.turn += 1;
    this.tasks = [];
  }

  /** Nothing is in hand any more. */
  leave(): void {
    this.clear();
    this.prefetch.plan(null, []);
  }

  /** Fetches the rest of the task in hand, and reserves and fetches those that follow it. */
  async fill(inHand: Task): Promise<void> {
    const turn = (this.turn += 1);
    this.prefetch.plan(inHand, this.tasks);
    // Who only looks at a task reserves none.
    if (inHand.is_read_only) return;
    try {
      // Before an answer has arrived, its task and those behind it still have their old places.
      await this.outbox.settled();
      if (turn === this.turn && this.tasks.length === 0) await this.reserve(1, inHand, turn);
      await new Promise((resolve) => setTimeout(resolve, FRESH_AFTER_MS));
      if (turn === this.turn) await this.reserve(MOST, inHand, turn);
    } catch {
      // Reading goes on without: the next task's frames are then fetched when it is opened.
    }
  }

  private async reserve(count: number, inHand: Task, turn: number): Promise<void> {
    const tasks = await this.api.ahead(count);
    if (turn !== this.turn) return;
    this.tasks = tasks.filter(({ id }) => id !== inHand.id);
    this.prefetch.plan(inHand, this.tasks);
  }
}
