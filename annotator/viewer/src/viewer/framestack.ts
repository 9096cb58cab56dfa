import { cache, Enums, imageLoader, type RenderingEngine, type StackViewport, type Types } from "@cornerstonejs/core";

import type { Scan } from "../types";
import { readingOrder, sliceNumber } from "./order";
import { imageId, imageIds, register } from "./registry";
import type { Look } from "./resampling";
import type { FrameSamples } from "./segmentation/segmenter";
import { lookOf, samplesOf } from "./shownframe";
import { drawInSoftware, drawsInSoftware } from "./software";
import { frameLocation } from "./technique";
import { draggedWindow, nextHeaderWindow, rangeWindow, type Window, windowRange } from "./windows";

/** How a reader has set the greys of a scan. */
export interface Greys {
  window: Window;
  inverted: boolean;
}

/** The frames of one scan in a Cornerstone stack viewport: which of them is shown, and through which window. */
export class FrameStack {
  readonly element: HTMLDivElement;
  protected readonly viewport: StackViewport;
  protected scan_: Scan | null = null;
  /** The frames as the stack has them. */
  private order: number[] = [];
  protected isWhole = true;
  private span = 1;
  private remark_ = "";
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
    if (drawsInSoftware()) drawInSoftware(this.viewport);
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

  /** Shows the frame that lies at this place in the order of reading; throws what the loader threw. */
  protected async load(scan: Scan, start: number): Promise<void> {
    register(scan);
    const stack = imageIds(scan);
    // The viewport swallows errors of loading, so the first frame is asked for before it.
    const image = await imageLoader.loadAndCacheImage(stack[start] as string);
    this.scan_ = scan;
    this.order = readingOrder(scan);
    this.isWhole = !(image.getPixelData() instanceof Float32Array);
    this.span = Math.max(image.maxPixelValue - image.minPixelValue, Number.EPSILON);
    this.remark_ = "";
    await this.viewport.setStack(stack, start);
  }

  get isShown(): boolean {
    return this.image !== undefined;
  }

  get image(): Types.IImage | undefined {
    return this.scan_ ? this.viewport.getCornerstoneImage() : undefined;
  }

  /** The values of the frame on the screen; null while there is none. */
  get samples(): FrameSamples | null {
    return this.scan_ ? samplesOf(this.viewport) : null;
  }

  /** How they become greys or colours. */
  get look(): Look {
    return lookOf(this.viewport);
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

  /** Colours have no window: they are shown as they are. */
  setWindow(window: Window): void {
    if (this.scan.geometry.samples === 3) return;
    this.viewport.setProperties({ voiRange: windowRange(window, this.isWhole) });
    this.viewport.render();
  }

  get greys(): Greys {
    const { window, inverted } = this;
    return { window, inverted };
  }

  set greys({ window, inverted }: Greys) {
    this.setWindow(window);
    if (inverted !== this.inverted) this.invert();
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

  valueAt(column: number, row: number): number[] {
    if (!this.samples) return [];
    const { columns, samples, values } = this.samples;
    const at = (Math.round(row) * columns + Math.round(column)) * samples;
    return Array.from({ length: samples }, (_, channel) => values[at + channel] as number);
  }

  render(): void {
    this.viewport.render();
  }
}
