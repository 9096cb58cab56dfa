import { locate, type Sheet } from "../answers/sheet";
import type { Region } from "../page/fields/regions";
import type { Question } from "../types";
import { Drawings } from "./drawings";
import { type RegionLabel, regionLabels } from "./labels";
import { Masks } from "./masks";
import type { Screen } from "./screen";

const LEAST_BRUSH = 1;
const BRUSH_STEP = 1.25;

/** Boxes, masks and lengths on the scans in hand, and the label that is drawn with. */
export class Regions {
  readonly labels: readonly RegionLabel[];
  label: RegionLabel | null = null;
  onChange: () => void = () => undefined;
  private readonly drawings: Drawings;
  private readonly masks: Masks;

  constructor(
    private readonly screen: Screen,
    questions: readonly Question[],
  ) {
    this.labels = regionLabels(questions);
    this.drawings = new Drawings(this.labels);
    this.masks = new Masks(this.labels);
    this.drawings.onChange = this.masks.onChange = () => this.onChange();
  }

  /** Shows a draft's regions on the task that the screen has opened. */
  load(sheet: Sheet): void {
    const { cells, toolbox } = this.screen;
    const [first] = cells;
    if (!first) return;
    this.masks.load(cells, sheet.masks);
    this.drawings.load(cells.map(({ scan }) => scan), sheet.boxes);
    const { spacing, columns } = first.scan.geometry;
    // A fiftieth of the frame's width suits a lesion in most scans; the reader changes it from there.
    toolbox.brushRadius = ((spacing?.[1] ?? 1) * columns) / 50;
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
    if (this.masks.isUsed) sheet.masks = this.masks.masks();
  }

  /** Takes a label in hand, with the tool that draws it; the same label again puts it down. */
  toggle(question: string, value: string): void {
    const label = this.labels.find((other) => other.question === question && other.value === value);
    if (!label || label === this.label) this.putDown();
    else this.take(label);
  }

  putDown(): void {
    this.label = this.drawings.label = null;
    this.screen.toolbox.take("window");
  }

  erase(): void {
    if (this.masks.isUsed) this.screen.toolbox.take("eraser");
  }

  resizeBrush(direction: 1 | -1): void {
    const { toolbox } = this.screen;
    const spacing = this.screen.active?.scan.geometry.spacing?.[1] ?? 1;
    toolbox.brushRadius = Math.max(LEAST_BRUSH * spacing, toolbox.brushRadius * BRUSH_STEP ** direction);
  }

  show(region: Region): void {
    const place = locate(this.screen.cells.map(({ scan }) => scan), region.item);
    if (place) this.screen.goTo(place.scan, place.frame);
    this.drawings.select(region.id);
    this.screen.render();
  }

  remove(region: Region, sheet: Sheet): void {
    const mask = sheet.masks.find(({ id }) => id === region.id);
    if (mask) this.masks.remove(mask);
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
    if (label.kind === "masks") this.masks.take(label);
    this.screen.toolbox.take(label.kind === "boxes" ? "box" : "brush");
  }
}
