import { locate, type Sheet } from "../answers/sheet";
import type { Region } from "../page/fields/regions";
import type { Question, Scan } from "../types";
import { Drawings } from "./drawings";
import { type RegionLabel, regionLabels } from "./labels";
import { Masks } from "./masks";
import type { Screen } from "./screen";
import type { PaintTool } from "./toolbox";

/** Boxes, masks and lengths on the scans in hand, and the label that is drawn with. */
export class Regions {
  readonly labels: readonly RegionLabel[];
  label: RegionLabel | null = null;
  onChange: () => void = () => undefined;
  private readonly drawings: Drawings;
  readonly masks: Masks;

  constructor(
    private readonly screen: Screen,
    questions: readonly Question[],
  ) {
    this.labels = regionLabels(questions);
    this.drawings = new Drawings(this.labels);
    this.masks = new Masks(this.labels);
    screen.toolbox.follow(this.masks);
    this.drawings.onChange = this.masks.onChange = () => this.onChange();
  }

  /** Shows a draft's regions on the scans of the task that the screen has opened. */
  load(sheet: Sheet, scans: readonly Scan[]): void {
    this.masks.load(scans, sheet.masks);
    this.drawings.load(scans, sheet.boxes);
    if (this.label) this.take(this.label);
    this.screen.render();
  }

  /** Takes everything off the screen. */
  clear(): void {
    this.masks.load([], []);
    this.drawings.load([], []);
  }

  /** Writes what is drawn into a sheet. */
  read(sheet: Sheet): void {
    sheet.boxes = this.drawings.boxes();
    if (this.masks.isUsed) sheet.masks = this.masks.masks(sheet.masks);
  }

  /** Takes a label in hand, with the tool that draws it; the same label again puts it down. */
  toggle(question: string, value: string): void {
    const label = this.labels.find((other) => other.question === question && other.value === value);
    if (!label || label === this.label) this.putDown();
    else this.take(label);
  }

  putDown(): void {
    this.label = this.drawings.label = this.masks.label = null;
    this.screen.toolbox.take("window");
  }

  /** Takes a tool that paints; once more, and the brush is back. The eraser alone needs no label. */
  paint(tool: Exclude<PaintTool, "brush">): void {
    const { usual } = this.masks;
    const { toolbox } = this.screen;
    if (!usual) return;
    if (toolbox.current === tool) return toolbox.take(this.masks.label ? "brush" : "window");
    if (tool !== "eraser" && !this.masks.label) this.take(usual);
    toolbox.take(tool);
  }

  show(region: Region): void {
    const place = locate(this.screen.cells.map(({ scan }) => scan), region.item);
    if (place) this.screen.goTo(place.scan, place.frame);
    this.drawings.select(region.id);
    this.screen.render();
  }

  remove(region: Region, sheet: Sheet): void {
    const mask = sheet.masks.find(({ id }) => id === region.id);
    if (mask) this.masks.clear(mask);
    else this.drawings.remove(region.id);
    this.screen.render();
    this.onChange();
  }

  removeSelected(): void {
    if (this.drawings.removeSelected()) this.screen.render();
  }

  /** mm; null where nothing is measured or the spacing is unknown. */
  measured(): number | null {
    return this.drawings.length();
  }

  private take(label: RegionLabel): void {
    this.label = label;
    this.drawings.label = label.kind === "boxes" ? label : null;
    this.masks.label = label.kind === "masks" ? label : null;
    this.screen.toolbox.take(label.kind === "boxes" ? "box" : "brush");
  }
}
