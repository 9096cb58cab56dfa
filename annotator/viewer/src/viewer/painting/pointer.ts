import type { Cell } from "../cell";
import { type Pixel, pixelUnder } from "../plane";

/** What the pointer does from its press to its release. */
export interface Motion {
  move(to: Pixel): void;
  end(): void;
  /** As though it had never begun. */
  cancel(): void;
}

/** What the tool in hand makes of the pointer. */
export interface Hand {
  readonly isPainting: boolean;
  /** Of the brush's circle, in mm, or in pixels where the spacing is unknown; 0 shows none. */
  readonly circle: number;
  begin(cell: Cell, at: Pixel, press: PointerEvent): Motion | null;
}

/** The pointer over one cell while a tool that paints is in hand, and the circle it paints. */
export class PaintPointer {
  private readonly circle = document.createElement("div");
  private motion: Motion | null = null;
  private pointer = -1;
  private frame = 0;
  private last: { x: number; y: number } | null = null;

  constructor(
    private readonly cell: Cell,
    private readonly hand: Hand,
  ) {
    const { element } = cell;
    this.circle.className = "brush-circle";
    this.circle.hidden = true;
    element.append(this.circle);
    element.addEventListener("pointerdown", (event) => this.down(event), { capture: true });
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.up(event));
    element.addEventListener("pointercancel", () => this.cancel());
    element.addEventListener("pointerleave", () => this.leave());
    // Two dabs are no double click.
    element.addEventListener("dblclick", (event) => hand.isPainting && event.stopPropagation(), { capture: true });
  }

  cancel(): boolean {
    const { motion } = this;
    this.motion = null;
    motion?.cancel();
    return motion !== null;
  }

  /** The brush, or the cell's magnification, has changed. */
  showCircle(): void {
    const radius = this.hand.circle;
    this.circle.hidden = radius === 0 || this.last === null || !this.cell.image;
    if (this.circle.hidden || !this.last) return;
    const size = (2 * radius) / this.cell.worldPerPixel;
    this.circle.style.width = this.circle.style.height = `${size}px`;
    this.circle.style.transform = `translate(${this.last.x - size / 2}px, ${this.last.y - size / 2}px)`;
  }

  private down(event: PointerEvent): void {
    if (!this.hand.isPainting || event.button !== 0 || !this.cell.image) return;
    // Keeps the mouse events from Cornerstone, whose handles could otherwise be dragged from under the brush.
    event.preventDefault();
    // A second finger: the two of them zoom.
    if (!event.isPrimary) return void this.cancel();
    this.follow(event);
    this.frame = this.cell.shownFrame;
    this.motion = this.hand.begin(this.cell, this.pixel(event), event);
    this.pointer = event.pointerId;
    this.cell.element.setPointerCapture(event.pointerId);
  }

  private move(event: PointerEvent): void {
    this.follow(event);
    if (!this.motion || event.pointerId !== this.pointer) return;
    if (this.cell.shownFrame !== this.frame) return this.finish();
    const events = event.getCoalescedEvents();
    for (const each of events.length > 0 ? events : [event]) this.motion.move(this.pixel(each));
  }

  private up(event: PointerEvent): void {
    if (event.pointerId === this.pointer) this.finish();
  }

  private finish(): void {
    const { motion } = this;
    this.motion = null;
    motion?.end();
  }

  private leave(): void {
    this.last = null;
    this.circle.hidden = true;
  }

  private follow(event: PointerEvent): void {
    this.last = this.place(event);
    this.showCircle();
  }

  private place({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top } = this.cell.element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private pixel(event: PointerEvent): Pixel {
    const { x, y } = this.place(event);
    return pixelUnder(this.cell.frameTransform, x, y);
  }
}
