import { Enums } from "@cornerstonejs/core";

import type { Scan } from "../types";
import { moveFrame, transformOf, wayToEdge } from "./camera";
import { FrameStack } from "./framestack";
import type { Edge } from "./hanging";
import type { Sight } from "./linking";
import { openingWindow } from "./loader";
import type { Flips } from "./mammogram";
import { framePlane, type FrameTransform, onElement, type Pixel, type Point, screenDirections, worldToPixel } from "./plane";
import { fittedScale, flippedHorizontally, flippedVertically, rotated, type Turn, turnOf, UPRIGHT } from "./turn";
import type { Reading, View } from "./view";
import { windowRange } from "./windows";

const { LINEAR, NEAREST } = Enums.InterpolationType;

/** One scan on the screen: how it hangs, and what the reader does to it. */
export class Cell extends FrameStack implements View {
  private turn_ = UPRIGHT;
  /** Of the element, where the frame was last laid out in it. */
  private size = { clientWidth: 1, clientHeight: 1 };
  private hung: { flips: Flips; chestWall: Edge | null } | null = null;

  /** Shows the frame of a scan that lies at this place in the order of reading, upright and fitted;
   * throws what the loader threw. */
  async show(scan: Scan, start: number): Promise<void> {
    await this.load(scan, start);
    this.hung = null;
    this.reset();
  }

  get turn(): Turn {
    return this.turn_;
  }

  /** A quarter of a turn, clockwise. */
  rotate(): void {
    this.setTurn(rotated(this.turn_));
  }

  flipHorizontally(): void {
    this.setTurn(flippedHorizontally(this.turn_));
  }

  flipVertically(): void {
    this.setTurn(flippedVertically(this.turn_));
  }

  private setTurn(turn: Turn): void {
    const { isFitted } = this;
    this.turn_ = turn;
    // Mirrored upright and then turned: Cornerstone mirrors about the screen's axis.
    this.viewport.setViewPresentation({ rotation: 0 });
    this.viewport.setCamera({ flipHorizontal: turn.isMirrored });
    this.viewport.setViewPresentation({ rotation: turn.quarters * 90 });
    if (isFitted) this.fit();
    this.viewport.render();
  }

  private get isFitted(): boolean {
    const { parallelScale = 1 } = this.viewport.getCamera();
    return Math.abs(parallelScale / fittedScale(this.scan.geometry, this.turn_, this.size) - 1) < 0.001;
  }

  private fit(): void {
    this.viewport.setCamera({ parallelScale: fittedScale(this.scan.geometry, this.turn_, this.size) });
  }

  /** The element has another size: a fitted frame fits again, another keeps its zoom and its middle. */
  resized(): void {
    const { isFitted, size } = this;
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.size = { clientWidth, clientHeight };
    const { parallelScale = 1 } = this.viewport.getCamera();
    if (isFitted) {
      this.fit();
      this.justify();
    } else this.viewport.setCamera({ parallelScale: (parallelScale * clientHeight) / size.clientHeight });
    this.viewport.render();
  }

  /** Between pixels, values are interpolated; else each pixel is seen as a square. */
  get isSmooth(): boolean {
    return this.viewport.getProperties().interpolationType !== NEAREST;
  }

  toggleSmoothing(): void {
    this.viewport.setProperties({ interpolationType: this.isSmooth ? NEAREST : LINEAR });
    this.viewport.render();
  }

  /** How the scan hangs from now on, until another one is shown. */
  hang(flips: Flips, chestWall: Edge | null): void {
    this.hung = { flips, chestWall };
    this.reset();
  }

  /** The edge of the cell that the chest wall touches; null where nothing hangs so. */
  get chestWall(): Edge | null {
    return this.hung?.chestWall ?? null;
  }

  /** Fits the frame into the viewport as it hangs, and goes back to the scan's own window. */
  reset(): void {
    const { geometry } = this.scan;
    if (this.samples) {
      const voiRange = windowRange(openingWindow(this.scan, this.samples.values), this.isWhole);
      this.viewport.setProperties({ voiRange, invert: geometry.inverted });
    }
    this.turn_ = UPRIGHT;
    this.size = { clientWidth: this.element.clientWidth, clientHeight: this.element.clientHeight };
    this.viewport.resetCamera();
    if (this.hung) this.setTurn(turnOf(this.hung.flips));
    this.justify();
    this.viewport.render();
  }

  /** Moves the frame to the edge of the cell that its chest wall touches. */
  justify(): void {
    const wall = this.hung?.chestWall;
    if (!wall) return;
    const { columns } = this.scan.geometry;
    this.moveBy(wayToEdge(this.frameTransform, columns, this.element.clientWidth, wall), 0);
  }

  /** Moves the frame on the screen, by CSS pixels. */
  moveBy(x: number, y: number): void {
    moveFrame(this.viewport, x, y);
    this.viewport.render();
  }

  /** What viewports that are linked have in common. */
  get sight(): Sight {
    const { rows, columns } = this.scan.geometry;
    const { clientWidth, clientHeight } = this.element;
    const { x, y } = onElement(this.frameTransform, { column: (columns - 1) / 2, row: (rows - 1) / 2 });
    return {
      frame: this.shownFrame,
      window: this.window,
      scale: this.viewport.getCamera().parallelScale ?? 1,
      offset: { x: x - clientWidth / 2, y: y - clientHeight / 2 },
    };
  }

  /** Device pixels for one image pixel, along a row. */
  get zoom(): number {
    const { parallelScale } = this.viewport.getCamera();
    const spacing = this.scan.geometry.spacing?.[1] ?? 1;
    const shown = 2 * (parallelScale ?? 1);
    return (this.element.clientHeight * window.devicePixelRatio * spacing) / shown;
  }

  /** mm (or image pixels where the spacing is unknown) for one CSS pixel. */
  get worldPerPixel(): number {
    return (2 * (this.viewport.getCamera().parallelScale ?? 1)) / this.element.clientHeight;
  }

  zoomBy(factor: number): void {
    const { parallelScale } = this.viewport.getCamera();
    this.viewport.setCamera({ parallelScale: (parallelScale ?? 1) / factor });
    this.viewport.render();
  }

  /** One image pixel to one pixel of the screen, about the middle of the frame. */
  showActualSize(): void {
    const turn = this.turn_;
    this.viewport.resetCamera();
    this.setTurn(turn);
    this.zoomBy(1 / this.zoom);
  }

  get directions(): { right: Point; down: Point } {
    return screenDirections((x, y) => this.viewport.canvasToWorld([x, y]));
  }

  /** Column and row under a point of the element, on the frame or beside it. */
  framePoint(x: number, y: number): Pixel {
    return worldToPixel(framePlane(this.scan, this.shownFrame), this.viewport.canvasToWorld([x, y]));
  }

  /** Column and row (fractions of a pixel) under a point of the element, or null outside. */
  pixelAt(x: number, y: number): Pixel | null {
    if (!this.scan_) return null;
    const index = this.framePoint(x, y);
    const { rows, columns } = this.scan.geometry;
    const isInside =
      index.column >= -0.5 && index.row >= -0.5 && index.column < columns - 0.5 && index.row < rows - 0.5;
    return isInside ? index : null;
  }

  /** Where the shown frame's pixels lie on the element, however it is moved, turned or flipped. */
  get frameTransform(): FrameTransform {
    return transformOf(this.viewport, this.scan, this.shownFrame);
  }

  read(x: number, y: number): Reading | null {
    const at = this.pixelAt(x, y);
    if (!at) return null;
    const place = `${Math.round(at.column)}, ${Math.round(at.row)}`;
    return { place, values: this.valueAt(at.column, at.row) };
  }
}
