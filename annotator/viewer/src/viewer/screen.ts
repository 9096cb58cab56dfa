import type { RenderingEngine } from "@cornerstonejs/core";

import type { Scan, Task } from "../types";
import { Cell } from "./cell";
import { startCornerstone } from "./cornerstone";
import { openingPlace } from "./order";
import { Overlay } from "./overlay";
import { Toolbox } from "./toolbox";

const FRAME_TIMEOUT_MS = 3000;

/** The scans of a task side by side, and the tools over all of them. */
export class Screen {
  readonly toolbox: Toolbox;
  private readonly engine: RenderingEngine;
  private cells_: Cell[] = [];
  private overlays: Overlay[] = [];
  private active_ = 0;
  /** The reader went to another frame. */
  onFrame: () => void = () => undefined;

  constructor(private readonly stage: HTMLElement) {
    this.engine = startCornerstone();
    this.toolbox = new Toolbox();
    new ResizeObserver(() => this.resize()).observe(stage);
  }

  get cells(): readonly Cell[] {
    return this.cells_;
  }

  /** The cell that keys act on: the one the pointer was on last. */
  get active(): Cell | undefined {
    return this.cells_[this.active_];
  }

  /** Shows a task's scans; resolves when all of them are on the screen. */
  async show(task: Task): Promise<void> {
    this.lay(task.scans.length);
    await Promise.all(this.cells_.map((cell, index) => this.fill(cell, index, task)));
  }

  /** Goes to a frame of a scan. */
  goTo(scan: Scan, frame: number): void {
    const index = this.cells_.findIndex((cell) => cell.scan.id === scan.id);
    this.active_ = Math.max(0, index);
    this.active?.goTo(frame);
  }

  render(): void {
    for (const cell of this.cells_) cell.render();
  }

  private async fill(cell: Cell, index: number, task: Task): Promise<void> {
    const scan = task.scans[index];
    if (!scan) return;
    await cell.show(scan, openingPlace(task, index));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FRAME_TIMEOUT_MS);
      cell.onDrawn = () => {
        clearTimeout(timer);
        this.drawn(index);
        resolve();
      };
      cell.render();
    });
  }

  private drawn(index: number): void {
    this.overlays[index]?.update();
    this.onFrame();
  }

  /** Makes as many cells as there are scans; cells that are there already are used again. */
  private lay(count: number): void {
    this.active_ = 0;
    this.stage.style.setProperty("--cells", String(count));
    while (this.cells_.length > count) {
      const cell = this.cells_.pop();
      this.overlays.pop();
      if (cell) {
        this.toolbox.remove(cell);
        cell.destroy();
      }
    }
    while (this.cells_.length < count) this.addCell();
  }

  private addCell(): void {
    const index = this.cells_.length;
    const cell = new Cell(`cell-${index}`, this.engine, this.stage);
    this.cells_.push(cell);
    this.overlays.push(new Overlay(cell));
    this.toolbox.add(cell);
    cell.element.addEventListener("pointerdown", () => this.activate(index), true);
    cell.element.addEventListener("wheel", (event) => this.wheel(event, index), { passive: false });
    cell.element.addEventListener("contextmenu", (event) => event.preventDefault());
    this.resize();
  }

  private activate(index: number): void {
    this.active_ = index;
    this.stage.focus({ preventScroll: true });
  }

  private wheel(event: WheelEvent, index: number): void {
    event.preventDefault();
    this.active_ = index;
    const cell = this.cells_[index];
    if (!cell?.image || event.deltaY === 0) return;
    if (cell.scan.frame_count > 1 && !event.ctrlKey) cell.scroll(Math.sign(event.deltaY));
    else cell.zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }

  private resize(): void {
    if (this.cells_.length > 0) this.engine.resize(true, true);
  }
}
