import { t } from "../i18n";
import type { Scan } from "../types";
import type { Cell } from "./cell";
import type { Crosshairs } from "./crosshairs";
import type { Toolbox } from "./toolbox";

/** A press that moves less is a click, CSS pixels. */
const STILL = 4;

interface Shown {
  readonly cells: readonly Cell[];
  readonly scans: readonly Scan[];
  readonly toolbox: Toolbox;
  onSay(text: string): void;
}

/** A plane cut through a volume is no scan of the task. */
export function isAcquired(scans: readonly Scan[], { id }: Scan): boolean {
  return scans.some((scan) => scan.id === id);
}

/** Clicks in the planes of a volume: one moves the others, and none draws where nothing is kept. */
export class MprPointer {
  private pressed: { x: number; y: number } | null = null;

  constructor(
    stage: HTMLElement,
    private readonly screen: Shown,
    private readonly crosshairs: Crosshairs,
  ) {
    // On the way down, before the tools: Cornerstone listens to the mouse, what paints to the pointer.
    for (const name of ["pointerdown", "mousedown", "touchstart"] as const) {
      stage.addEventListener(name, (event) => this.press(event), { capture: true, passive: false });
    }
    stage.addEventListener("pointerup", (event) => this.release(event), true);
  }

  private press(event: Event): void {
    const cell = this.cellOf(event);
    if (event instanceof PointerEvent) this.pressed = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    if (!cell || isAcquired(this.screen.scans, cell.scan) || !this.screen.toolbox.isMarking) return;
    if (event instanceof MouseEvent && event.button !== 0) return;
    event.stopPropagation();
    event.preventDefault();
    if (event.type !== "mousedown") this.screen.onSay(t("Marks are kept on the slices as they were acquired: draw there."));
  }

  private release(event: PointerEvent): void {
    const cell = this.cellOf(event);
    const { pressed } = this;
    this.pressed = null;
    if (!cell || !pressed || !this.screen.toolbox.isLooking) return;
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > STILL) return;
    const { left, top } = cell.element.getBoundingClientRect();
    this.crosshairs.jump(cell, event.clientX - left, event.clientY - top);
  }

  private cellOf(event: Event): Cell | undefined {
    const target = event.target as Node;
    return this.screen.cells.find((cell) => cell.image && cell.element.contains(target));
  }
}
