import { Enums } from "@cornerstonejs/core";

import type { Cell } from "./cell";
import { drawFrame } from "./resampling";

/** CSS pixels across. */
const SIZE = 260;
const MAGNIFICATION = 2.5;

/** A magnifying glass under the pointer: the frame's own pixels, windowed as on the screen. */
export class Lens {
  private readonly glass = document.createElement("canvas");
  private pointer: { x: number; y: number } | null = null;
  private isOn_ = false;

  constructor(
    stage: HTMLElement,
    private readonly cells: () => readonly Cell[],
  ) {
    this.glass.className = "lens";
    this.glass.hidden = true;
    stage.addEventListener("pointermove", (event) => this.follow(event));
    stage.addEventListener("pointerleave", () => this.follow(null));
    // Cornerstone's events do not bubble; on their way down they pass the stage.
    stage.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.draw(), true);
  }

  get isOn(): boolean {
    return this.isOn_;
  }

  toggle(): void {
    this.isOn_ = !this.isOn_;
    this.draw();
  }

  private follow(event: PointerEvent | null): void {
    this.pointer = event && { x: event.clientX, y: event.clientY };
    this.draw();
  }

  private draw(): void {
    const cell = this.isOn_ && this.pointer ? this.under(this.pointer) : undefined;
    this.glass.hidden = !cell;
    if (!cell || !this.pointer) return;
    const { left, top } = cell.element.getBoundingClientRect();
    const x = this.pointer.x - left;
    const y = this.pointer.y - top;
    this.glass.style.translate = `${x - SIZE / 2}px ${y - SIZE / 2}px`;
    if (this.glass.parentElement !== cell.element) cell.element.append(this.glass);
    this.paint(cell, x, y);
  }

  private under({ x, y }: { x: number; y: number }): Cell | undefined {
    return this.cells().find((cell) => {
      const { left, right, top, bottom } = cell.element.getBoundingClientRect();
      return cell.image && x >= left && x < right && y >= top && y < bottom;
    });
  }

  private paint(cell: Cell, x: number, y: number): void {
    const density = window.devicePixelRatio;
    const size = Math.round(SIZE * density);
    if (this.glass.width !== size) this.glass.width = this.glass.height = size;
    const scale = MAGNIFICATION * density;
    const { a, b, c, d, e, f } = cell.frameTransform;
    const [right, down] = [(e - x) * scale + size / 2, (f - y) * scale + size / 2];
    const { samples } = cell;
    if (!samples) return;
    const picture = new ImageData(size, size);
    const at = { a: a * scale, b: b * scale, c: c * scale, d: d * scale, e: right, f: down };
    drawFrame(picture, samples, at, cell.look);
    this.glass.getContext("2d")?.putImageData(picture, 0, 0);
  }
}
