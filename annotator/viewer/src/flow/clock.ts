/** After this long without input the reader is taken to be away. */
const IDLE_AFTER_MS = 60_000;

/** Reading time: only while the page is visible and the reader active. `now` is in milliseconds. */
export class ReadingClock {
  private counted = 0;
  private settledAt: number;
  private lastInput: number;
  private isVisible: boolean;

  constructor(
    private readonly now: () => number,
    isVisible = true,
  ) {
    this.settledAt = this.lastInput = now();
    this.isVisible = isVisible;
  }

  /** Starts anew, from the seconds that an earlier sitting had counted. */
  restart(seconds: number): void {
    this.counted = seconds * 1000;
    this.settledAt = this.lastInput = this.now();
  }

  input(): void {
    this.settle();
    this.lastInput = this.now();
    this.settledAt = this.lastInput;
  }

  setVisible(isVisible: boolean): void {
    if (isVisible === this.isVisible) return;
    this.settle();
    this.isVisible = isVisible;
    if (isVisible) this.lastInput = this.now();
    this.settledAt = this.now();
  }

  seconds(): number {
    this.settle();
    return Math.round(this.counted) / 1000;
  }

  get isActive(): boolean {
    return this.isVisible && this.now() - this.lastInput < IDLE_AFTER_MS;
  }

  private settle(): void {
    const until = Math.min(this.now(), this.lastInput + IDLE_AFTER_MS);
    if (this.isVisible && until > this.settledAt) {
      this.counted += until - this.settledAt;
      this.settledAt = until;
    }
  }
}
