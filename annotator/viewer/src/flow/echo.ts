const WITHIN_MS = 500;

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

  /** The reader works on the case in hand: what they press next is meant for it. */
  worked(): void {
    this.until = 0;
  }

  get isHeard(): boolean {
    return this.now() < this.until;
  }
}
