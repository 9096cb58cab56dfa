const EVERY_MS = 250;

/**
 * Reads what is drawn at most four times a second while the pointer is down: the brush tells of each
 * of its moves, and to code a large mask takes a while. What is left is read when the pointer rises.
 */
export class Strokes {
  private timer = 0;
  private isDown = false;
  private isUnread = false;

  constructor(private readonly reader: () => void) {
    const options = { capture: true, passive: true };
    window.addEventListener("pointerdown", () => (this.isDown = true), options);
    for (const end of ["pointerup", "pointercancel"]) {
      // In the bubbling phase, so that the tools have finished the stroke.
      window.addEventListener(end, () => this.ended(), { passive: true });
    }
  }

  drawn(): void {
    this.isUnread = true;
    if (!this.isDown) this.read();
    // The beginning of a stroke at once, so that it is kept at once as well.
    else if (this.timer === 0) this.readOn();
  }

  /** Reads now what has not been read yet. */
  read(): void {
    if (!this.isUnread) return;
    this.isUnread = false;
    this.reader();
  }

  private readOn(): void {
    this.read();
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      if (this.isUnread) this.readOn();
    }, EVERY_MS);
  }

  private ended(): void {
    this.isDown = false;
    this.read();
  }
}
