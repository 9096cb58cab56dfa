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
    if (!this.isDown) return this.read();
    if (this.timer) return;
    // The beginning at once, so that it is kept at once as well.
    this.read();
    this.timer = window.setTimeout(() => this.read(), EVERY_MS);
  }

  /** Reads now what has not been read yet. */
  read(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.isUnread) return;
    this.isUnread = false;
    this.reader();
  }

  private ended(): void {
    this.isDown = false;
    this.read();
  }
}
