import type { Cell } from "./cell";

/** Where the header tells no speed. */
const USUAL_RATE = 10;
const SLOWEST = 1;
const FASTEST = 60;
const FASTER = 1.25;
const INPUTS = ["keydown", "pointerdown", "wheel"] as const;
const MODIFIERS: ReadonlySet<string> = new Set(["Alt", "Control", "Meta", "Shift"]);

/** Frames a second at which a scan was taken. */
export function ownRate(frameSeconds: number | null): number {
  return limited(frameSeconds ? 1 / frameSeconds : USUAL_RATE);
}

const limited = (rate: number): number => Math.min(FASTEST, Math.max(SLOWEST, rate));

/** Runs through the frames of one viewport until the reader does something else. */
export class Cine {
  private cell: Cell | null = null;
  private timer = 0;
  private rate = USUAL_RATE;
  /** The press that is under way set the speed, and so is no other input. */
  private isOwnPress = false;

  get isRunning(): boolean {
    return this.cell !== null;
  }

  toggle(cell: Cell): void {
    if (this.cell) return this.stop();
    if (cell.slice.count === 1) return;
    this.cell = cell;
    this.rate = ownRate(cell.scan.geometry.frame_seconds);
    for (const input of INPUTS) window.addEventListener(input, this.heard, { capture: true, passive: true });
    this.run();
  }

  faster(): void {
    this.speed(FASTER);
  }

  slower(): void {
    this.speed(1 / FASTER);
  }

  stop(): void {
    const { cell } = this;
    this.cell = null;
    window.clearInterval(this.timer);
    for (const input of INPUTS) window.removeEventListener(input, this.heard, { capture: true });
    cell?.say("");
  }

  private speed(by: number): void {
    if (!this.cell) return;
    this.rate = limited(this.rate * by);
    this.isOwnPress = true;
    this.run();
  }

  private run(): void {
    const { cell } = this;
    if (!cell) return;
    const { scan } = cell;
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => {
      if (!cell.isShown || cell.scan !== scan) return this.stop();
      // A frame that is still on its way is waited for: none is left out.
      if (cell.isSettled) cell.step();
    }, 1000 / this.rate);
    cell.say(`${Math.round(this.rate * 10) / 10} / s`);
  }

  private readonly heard = (event: Event): void => {
    const isOwn = this.isOwnPress;
    this.isOwnPress = false;
    if (isOwn || MODIFIERS.has((event as KeyboardEvent).key)) return;
    // The button that starts it stops it, and must find it running.
    if (event.target instanceof Element && event.target.closest('[data-tool="cine"]')) return;
    this.stop();
  };
}
