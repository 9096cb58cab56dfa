import { cache, Enums, imageLoader, type RenderingEngine, type StackViewport, type Types } from "@cornerstonejs/core";

import type { Scan } from "../types";
import { openingWindow } from "./loader";
import { readingOrder, sliceNumber } from "./order";
import type { ShownSamples } from "./pixels";
import type { Edge } from "./hanging";
import type { Sight } from "./linking";
import type { Flips } from "./mammogram";
import {
  framePlane, type FrameTransform, onElement, type Pixel, pixelToWorld, type Point, screenDirections, worldToPixel,
} from "./plane";
import { imageId, imageIds, register } from "./registry";
import { frameLocation } from "./technique";
import { fittedScale, flippedHorizontally, flippedVertically, rotated, type Turn, turnOf, UPRIGHT } from "./turn";
import type { Reading, View } from "./view";
import { draggedWindow, nextHeaderWindow, type Range, rangeWindow, type Window, windowRange } from "./windows";

const { LINEAR, NEAREST } = Enums.InterpolationType;

/** One scan on the screen: a Cornerstone stack viewport and what the reader does to it. */
export class Cell implements View {
  readonly element: HTMLDivElement;
  private readonly viewport: StackViewport;
  private scan_: Scan | null = null;
  /** The frames as the stack has them. */
  private order: number[] = [];
  private isWhole = true;
  private span = 1;
  private turn_ = UPRIGHT;
  private remark_ = "";
  private hung: { flips: Flips; chestWall: Edge | null } | null = null;
  /** Called after each drawing. */
  onDrawn: () => void = () => undefined;

  constructor(
    readonly id: string,
    private readonly engine: RenderingEngine,
    parent: HTMLElement,
  ) {
    this.element = document.createElement("div");
    this.element.className = "viewport";
    parent.append(this.element);
    engine.enableElement({
      viewportId: id,
      type: Enums.ViewportType.STACK,
      element: this.element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = engine.getViewport(id) as StackViewport;
    this.element.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.onDrawn());
  }

  destroy(): void {
    this.engine.disableElement(this.id);
    this.element.remove();
  }

  get scan(): Scan {
    if (!this.scan_) throw new Error("Nothing is shown yet.");
    return this.scan_;
  }

  /** Shows the frame of a scan that lies at this place in the order of reading; throws what the
   * loader threw. */
  async show(scan: Scan, start: number): Promise<void> {
    register(scan);
    const stack = imageIds(scan);
    // The viewport swallows errors of loading, so the first frame is asked for before it.
    const image = await imageLoader.loadAndCacheImage(stack[start] as string);
    this.scan_ = scan;
    this.order = readingOrder(scan);
    this.isWhole = !(image.getPixelData() instanceof Float32Array);
    this.span = Math.max(image.maxPixelValue - image.minPixelValue, Number.EPSILON);
    this.remark_ = "";
    this.hung = null;
    await this.viewport.setStack(stack, start);
    this.reset();
  }

  get isShown(): boolean {
    return this.image !== undefined;
  }

  get image(): Types.IImage | undefined {
    return this.scan_ ? this.viewport.getCornerstoneImage() : undefined;
  }

  /** The frame on the screen; the one that was gone to follows when its pixels have come. */
  get shownFrame(): number {
    return this.order[this.viewport.getCurrentImageIdIndex()] ?? 0;
  }

  get inverted(): boolean {
    return this.viewport.getProperties().invert === true;
  }

  get window(): Window {
    const range = this.viewport.getProperties().voiRange;
    return range ? rangeWindow(range, this.isWhole) : { center: 0, width: 1 };
  }

  /** The values shown black and white. */
  get range(): Range {
    return windowRange(this.window, this.isWhole);
  }

  /** Colours have no window: they are shown as they are. */
  setWindow(window: Window): void {
    if (this.scan.geometry.samples === 3) return;
    this.viewport.setProperties({ voiRange: windowRange(window, this.isWhole) });
    this.viewport.render();
  }

  /** Moves the window as a drag of (x, y) pixels does. */
  dragWindow(x: number, y: number): void {
    this.setWindow(draggedWindow(this.window, x, y, this.span));
  }

  /** The next of the windows that the file names, the first of them first. */
  showHeaderWindow(): void {
    const next = nextHeaderWindow(this.scan.geometry, this.window);
    if (next) this.setWindow(next);
  }

  invert(): void {
    this.viewport.setProperties({ invert: !this.inverted });
    this.viewport.render();
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
    const { parallelScale = 1 } = this.viewport.getCamera();
    const { geometry } = this.scan;
    const isFitted = Math.abs(parallelScale / fittedScale(geometry, this.turn_, this.element) - 1) < 0.001;
    this.turn_ = turn;
    // Mirrored upright and then turned: Cornerstone mirrors about the screen's axis.
    this.viewport.setViewPresentation({ rotation: 0 });
    this.viewport.setCamera({ flipHorizontal: turn.isMirrored });
    this.viewport.setViewPresentation({ rotation: turn.quarters * 90 });
    if (isFitted) this.viewport.setCamera({ parallelScale: fittedScale(geometry, turn, this.element) });
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
    const values = this.image?.getPixelData() as ShownSamples | undefined;
    if (values) {
      const voiRange = windowRange(openingWindow(this.scan, values), this.isWhole);
      this.viewport.setProperties({ voiRange, invert: geometry.inverted });
    }
    this.turn_ = UPRIGHT;
    this.viewport.resetCamera();
    if (this.hung) this.setTurn(turnOf(this.hung.flips));
    this.justify();
    this.viewport.render();
  }

  /** Moves the frame to the edge of the cell that its chest wall touches. */
  justify(): void {
    const { a, b, c, e } = this.frameTransform;
    const { columns } = this.scan.geometry;
    // Turned by a quarter, it is no longer hung for its chest wall.
    if (!this.hung?.chestWall || Math.abs(b) > 1e-6 || Math.abs(c) > 1e-6) return;
    const ends = [e - a / 2, e + a * (columns - 0.5)];
    const wall = this.hung.chestWall === "left" ? -Math.min(...ends) : this.element.clientWidth - Math.max(...ends);
    this.moveBy(wall, 0);
  }

  /** Moves the frame on the screen, by CSS pixels. */
  moveBy(x: number, y: number): void {
    const [from, to] = [[0, 0], [x, y]].map((at) => this.viewport.canvasToWorld(at as Types.Point2)) as [Point, Point];
    const { focalPoint = [0, 0, 0], position = [0, 0, 0] } = this.viewport.getCamera();
    const moved = (point: readonly number[]): Point =>
      point.map((value, axis) => value + (from[axis] ?? 0) - (to[axis] ?? 0)) as Point;
    this.viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
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

  /** Draws the frame anew where what it is made of has changed. */
  async refresh(): Promise<void> {
    const id = imageId(this.scan, this.shownFrame);
    if (cache.getImageLoadObject(id)) cache.removeImageLoadObject(id, { force: true });
    const image = await imageLoader.loadAndCacheImage(id);
    if (this.scan_ && id === imageId(this.scan, this.shownFrame)) this.viewport.renderImageObject(image);
  }

  /** The frame that was gone to last is the one on the screen. */
  get isSettled(): boolean {
    return this.viewport.getCurrentImageIdIndex() === this.viewport.getTargetImageIdIndex();
  }

  /** One frame on; after the last comes the first. */
  step(): void {
    const place = this.viewport.getTargetImageIdIndex();
    this.viewport.scroll(place + 1 < this.order.length ? 1 : -place, false);
  }

  get slice(): { number: number; count: number } {
    return { number: sliceNumber(this.scan, this.shownFrame), count: this.scan.frame_count };
  }

  get location(): number | null {
    return frameLocation(this.scan.geometry, this.shownFrame);
  }

  get remark(): string {
    return this.remark_;
  }

  say(remark: string): void {
    this.remark_ = remark;
    this.viewport.render();
  }

  scroll(by: number): void {
    const place = this.viewport.getTargetImageIdIndex();
    const wanted = Math.max(0, Math.min(this.order.length - 1, place + by));
    if (wanted !== place) this.viewport.scroll(wanted - place, false);
  }

  goTo(frame: number): void {
    this.scroll(this.order.indexOf(frame) - this.viewport.getTargetImageIdIndex());
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
    const plane = framePlane(this.scan, this.shownFrame);
    const at = (column: number, row: number): Types.Point2 =>
      this.viewport.worldToCanvas(pixelToWorld(plane, { column, row }));
    const [x, y] = at(0, 0);
    const { rows, columns } = this.scan.geometry;
    const [right, down] = [at(columns, 0), at(0, rows)];
    return {
      a: (right[0] - x) / columns, b: (right[1] - y) / columns,
      c: (down[0] - x) / rows, d: (down[1] - y) / rows, e: x, f: y,
    };
  }

  valueAt(column: number, row: number): number[] {
    const pixels = this.image?.getPixelData();
    if (!pixels) return [];
    const { columns, samples } = this.scan.geometry;
    const at = (Math.round(row) * columns + Math.round(column)) * samples;
    return Array.from({ length: samples }, (_, channel) => pixels[at + channel] as number);
  }

  read(x: number, y: number): Reading | null {
    const at = this.pixelAt(x, y);
    if (!at) return null;
    const place = `${Math.round(at.column)}, ${Math.round(at.row)}`;
    return { place, values: this.valueAt(at.column, at.row) };
  }

  render(): void {
    this.viewport.render();
  }
}
