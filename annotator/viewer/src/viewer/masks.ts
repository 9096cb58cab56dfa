import { Enums } from "@cornerstonejs/core";

import { itemOf, type Mask } from "../answers/sheet";
import { t } from "../i18n";
import type { Scan } from "../types";
import type { Cell } from "./cell";
import { labelOf, type RegionLabel } from "./labels";
import { readingOrder } from "./order";
import { Brush } from "./painting/brush";
import { fillBetween, fillHoles } from "./painting/fills";
import { Layers } from "./painting/layers";
import { Picture } from "./painting/picture";
import { type Hand, type Motion, PaintPointer } from "./painting/pointer";
import { clickKind } from "./painting/proposal";
import { Prompting } from "./painting/prompting";
import { palette } from "./painting/raster";
import { type Dab, near, Stroke, valuesAt } from "./painting/stroke";
import type { Pixel } from "./plane";
import type { FrameSamples } from "./segmentation/segmenter";
import { isPaintTool, type PaintTool, type ToolFollower, type ToolName } from "./toolbox";

interface View {
  picture: Picture;
  pointer: PaintPointer;
}

/**
 * Painted structures: what is painted on the task's frames, on the screen or off it, and the tools
 * that paint. They are drawn on a canvas of their own over each cell, not by Cornerstone's label maps:
 * those take memory for every frame of a scan, send a whole frame to the graphics card at each move of
 * the brush, and are thrown out of Cornerstone's cache when that is full.
 */
export class Masks implements ToolFollower, Hand {
  readonly brush = new Brush();
  onChange: () => void = () => undefined;
  /** Another tool, or another size of the brush. */
  onTool: () => void = () => undefined;
  /** Says what the reader should know. */
  onProblem: (text: string) => void = () => undefined;
  readonly labels: readonly RegionLabel[];
  private readonly layers: Layers;
  private readonly colours: Uint32Array;
  private readonly prompting = new Prompting();
  private readonly views = new Map<Cell, View>();
  private scans: readonly Scan[] = [];
  private tool_: PaintTool | null = null;
  private label_: RegionLabel | null = null;
  private last: RegionLabel | undefined;

  constructor(labels: readonly RegionLabel[]) {
    this.labels = labels.filter(({ kind }) => kind === "masks");
    this.layers = new Layers(this.labels);
    this.colours = palette(this.labels);
    this.brush.onChange = () => this.showTool();
    this.prompting.onPicture = () => this.drawSoon();
    this.prompting.onPaint = () => this.changed();
    this.prompting.onProblem = (text) => this.onProblem(text);
  }

  get isUsed(): boolean {
    return this.labels.length > 0;
  }

  /** The label that is painted with. */
  get label(): RegionLabel | null {
    return this.label_;
  }

  set label(label: RegionLabel | null) {
    this.label_ = label;
    this.last = label ?? this.last;
  }

  /** What to paint with where nothing is in hand: the label that was last. */
  get usual(): RegionLabel | undefined {
    return this.last ?? this.labels[0];
  }

  get tool(): PaintTool | null {
    return this.tool_;
  }

  get isPainting(): boolean {
    return this.tool_ !== null;
  }

  /** Of what is measured on the task's scans. */
  get units(): { length: "mm" | "px"; value: string } {
    const geometry = this.scans[0]?.geometry;
    return { length: geometry?.spacing ? "mm" : "px", value: geometry?.units ?? "" };
  }

  get circle(): number {
    return this.tool_ === null || this.tool_ === "segment" ? 0 : this.brush.radius;
  }

  /** Shows the masks of a draft or of an earlier state; what is shown already is left as it is. */
  load(scans: readonly Scan[], masks: readonly Mask[]): void {
    const [first] = scans;
    const isOther = first?.id !== this.scans[0]?.id;
    this.cancel();
    this.prompting.finish();
    this.scans = scans;
    if (first && isOther) this.brush.suit(first);
    this.layers.load(scans, masks);
    this.drawSoon();
  }

  /** What is painted. `before`: the sheet's masks, which keep all they say beside their pixels. */
  masks(before: readonly Mask[]): Mask[] {
    return this.layers.masks(before);
  }

  /** Takes away everything painted with a label on one frame. */
  clear(mask: Mask): void {
    const label = this.labelOf(mask, mask.label);
    if (label && this.layers.at(mask.item, mask.question)?.clear(label.segment)) this.changed();
  }

  /** Gives a mask another label of the same question. */
  relabel(mask: Mask, value: string): void {
    const [from, to] = [this.labelOf(mask, mask.label), this.labelOf(mask, value)];
    const layer = this.layers.at(mask.item, mask.question);
    if (from && to && layer?.relabel(from.segment, to.segment)) this.changed();
  }

  /** Paints the slices between two that are painted with the label in hand. */
  fillBetween({ scan, shownFrame }: Cell): void {
    const { label } = this;
    const order = readingOrder(scan);
    const isOfTask = this.scans.some(({ id }) => id === scan.id);
    const items = isOfTask ? order.map((frame) => itemOf(this.scans, scan, frame)) : [];
    const spacing = scan.geometry.spacing ?? [1, 1];
    if (label && fillBetween(this.layers, label, items, order.indexOf(shownFrame), spacing)) this.changed();
    else this.onProblem(t("Paint a label on two slices with empty ones between them; go between them and fill."));
  }

  /** Fills what the label in hand encloses on the shown frame. */
  fillHoles(cell: Cell): void {
    const { label } = this;
    const item = this.item(cell);
    const layer = label && item !== null ? this.layers.at(item, label.question) : undefined;
    if (label && layer && fillHoles(layer, label.segment)) this.changed();
    else this.onProblem(t("Paint a label's outline on this frame, then fill it."));
  }

  add(cell: Cell): void {
    if (!this.isUsed) return;
    const picture = new Picture(cell, this.colours, () => {
      const item = this.item(cell);
      if (item === null) return { layers: this.layers.cut(cell.scan, cell.shownFrame), pointed: null };
      return { layers: this.layers.of(item), pointed: this.prompting.pointed(item) };
    });
    const pointer = new PaintPointer(cell, this);
    this.views.set(cell, { picture, pointer });
    cell.element.addEventListener(Enums.Events.IMAGE_RENDERED, () => pointer.showCircle());
  }

  remove(cell: Cell): void {
    this.views.delete(cell);
  }

  take(tool: ToolName): void {
    this.cancel();
    this.tool_ = isPaintTool(tool) ? tool : null;
    this.prompting.finish();
    this.showTool();
    this.drawSoon();
  }

  cancel(): boolean {
    return [...this.views.values()].some(({ pointer }) => pointer.cancel());
  }

  begin(cell: Cell, at: Pixel, press: PointerEvent): Motion | null {
    const item = this.item(cell);
    const frame = cell.samples;
    if (item === null || !frame) return null;
    if (this.tool_ === "segment") return this.point(item, frame, at, press);
    const dabs = this.tool_ === "eraser" ? this.erasing(item) : this.painting(item, frame, at);
    return new Stroke(dabs, this.brush.pixels(cell.scan), at, () => this.changed());
  }

  private point(item: number, frame: FrameSamples, at: Pixel, press: PointerEvent): Motion | null {
    const layer = this.label && this.layers.at(item, this.label.question);
    return this.label && layer ? this.prompting.begin(layer, this.label, frame, clickKind(press), at) : null;
  }

  /** The label in hand alone is erased, without one every label. */
  private erasing(item: number): Dab[] {
    const { label } = this;
    return this.layers
      .of(item)
      .filter(({ question }) => !label || label.question === question)
      .map((layer) => ({
        layer,
        segment: 0,
        takes: label ? (segment) => segment === label.segment : (segment) => segment !== 0,
      }));
  }

  /** Painting replaces the question's other labels; other questions' stay. */
  private painting(item: number, frame: FrameSamples, at: Pixel): Dab[] {
    const layer = this.label && this.layers.at(item, this.label.question);
    if (!layer || !this.label) return [];
    const takes = this.tool_ === "threshold" ? this.threshold(frame, at) : () => true;
    return [{ layer, segment: this.label.segment, takes }];
  }

  private threshold(frame: FrameSamples, at: Pixel): Dab["takes"] {
    const about = valuesAt(frame, at);
    const { tolerance } = this.brush;
    const [value] = about;
    if (about.length === 1 && value !== undefined) this.brush.range = [value - tolerance, value + tolerance];
    const isNear = near(frame, about, tolerance);
    return (_, index) => isNear(index);
  }

  private labelOf({ question }: Mask, value: string): RegionLabel | undefined {
    return labelOf(this.labels, question, value);
  }

  /** Where a cell's frame stands in the task; null where it is of another. */
  private item({ scan, shownFrame }: Cell): number | null {
    return this.scans.some(({ id }) => id === scan.id) ? itemOf(this.scans, scan, shownFrame) : null;
  }

  private changed(): void {
    this.drawSoon();
    this.onChange();
  }

  private showTool(): void {
    for (const { pointer } of this.views.values()) pointer.showCircle();
    this.onTool();
  }

  private drawSoon(): void {
    for (const { picture } of this.views.values()) picture.drawSoon();
  }
}
