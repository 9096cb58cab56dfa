import { Enums, imageLoader, type RenderingEngine, type StackViewport, type Types } from "@cornerstonejs/core";

import type { Scan } from "../types";
import { openingWindow } from "./loader";
import { readingOrder } from "./order";
import type { ShownSamples } from "./pixels";
import { framePlane, type FrameTransform, pixelToWorld, worldToPixel } from "./plane";
import { imageIds, register } from "./registry";
import { draggedWindow, rangeWindow, type Window, windowRange } from "./windows";

/** One scan on the screen: a Cornerstone stack viewport and what the reader does to it. */
export class Cell {
  readonly element: HTMLDivElement;
  private readonly viewport: StackViewport;
  private scan_: Scan | null = null;
  /** The frames as the stack has them. */
  private order: number[] = [];
  private isWhole = true;
  private span = 1;
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
    await this.viewport.setStack(stack, start);
    this.reset();
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

  setWindow(window: Window): void {
    this.viewport.setProperties({ voiRange: windowRange(window, this.isWhole) });
    this.viewport.render();
  }

  /** Moves the window as a drag of (x, y) pixels does. */
  dragWindow(x: number, y: number): void {
    if (this.scan.geometry.samples === 1) this.setWindow(draggedWindow(this.window, x, y, this.span));
  }

  invert(): void {
    this.viewport.setProperties({ invert: !this.inverted });
    this.viewport.render();
  }

  /** Fits the frame into the viewport and goes back to the scan's own window. */
  reset(): void {
    const { geometry } = this.scan;
    const values = this.image?.getPixelData() as ShownSamples | undefined;
    if (values) {
      const voiRange = windowRange(openingWindow(this.scan, values), this.isWhole);
      this.viewport.setProperties({ voiRange, invert: geometry.inverted });
    }
    this.viewport.resetCamera();
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
    this.viewport.resetCamera();
    this.zoomBy(1 / this.zoom);
  }

  /** Column and row (fractions of a pixel) under a point of the element, or null outside. */
  pixelAt(x: number, y: number): { column: number; row: number } | null {
    if (!this.scan_) return null;
    const plane = framePlane(this.scan_, this.shownFrame);
    const index = worldToPixel(plane, this.viewport.canvasToWorld([x, y]));
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

  render(): void {
    this.viewport.render();
  }
}
