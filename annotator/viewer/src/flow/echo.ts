const WITHIN_MS = 500;
/** Sooner after it appeared nobody has seen a case. */
const UNSEEN_MS = 300;

/**
 * Knows a press that repeats the one before it: a second Enter on the heels of a submission comes down
 * on the next case, which nobody has looked at yet.
 */
export class Echo {
  private until = 0;

  constructor(private readonly now: () => number) {}

  /** An answer was given: for a moment the same press means the same answer. */
  given(): void {
    this.until = this.now() + WITHIN_MS;
  }

  /** The next case has come, which may take longer than the same press. */
  opened(): void {
    if (this.until > 0) this.until = Math.max(this.until, this.now() + UNSEEN_MS);
  }

  /** The reader works on the case in hand: what they press next is meant for it. */
  worked(): void {
    this.until = 0;
  }

  get isHeard(): boolean {
    return this.now() < this.until;
  }
}
