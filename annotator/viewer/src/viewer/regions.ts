import { annotation } from "@cornerstonejs/tools";

import { History } from "../answers/history";
import { DRAWN_BY, type Mark, type MarkKind, type Mask } from "../answers/marks";
import { emptySheet, locate, type RegionSheet, regionsOf, type Sheet } from "../answers/sheet";
import { isTextEntry } from "../page/dom";
import type { Question, Scan } from "../types";
import { Drawings } from "./drawings";
import { labelOf, type RegionLabel, regionLabels } from "./labels";
import { Masks } from "./masks";
import { type Measured, Measurements } from "./measurements";
import type { Screen } from "./screen";
import type { PaintTool } from "./toolbox";

/** Marks, masks and measurements on the scans in hand, and the label that is drawn with. */
export class Regions {
  readonly labels: readonly RegionLabel[];
  readonly masks: Masks;
  label: RegionLabel | null = null;
  /** The mark or mask that questions about one are asked of. */
  selected: string | null = null;
  onChange: () => void = () => undefined;
  onSelect: () => void = () => undefined;
  /** What was drawn on no frame of the task. */
  onRefused: () => void = () => undefined;
  private readonly drawings: Drawings;
  private readonly measurements = new Measurements();
  private readonly asksDetails: boolean;
  private scans: readonly Scan[] = [];
  private history = new History(emptySheet());
  /** Counts the presses of the pointer and the keys: what one of them changes is one step. */
  private gesture = 0;

  constructor(
    private readonly screen: Screen,
    questions: readonly Question[],
  ) {
    this.labels = regionLabels(questions);
    this.asksDetails = questions.some(({ per_region }) => per_region);
    this.drawings = new Drawings(this.labels);
    this.masks = new Masks(this.labels);
    screen.toolbox.follow(this.masks);
    this.drawings.onChange = this.masks.onChange = this.measurements.onChange = () => this.onChange();
    this.drawings.onSelect = (id) => this.choose(id);
    this.drawings.onRefused = () => this.onRefused();
    window.addEventListener("pointerdown", () => (this.gesture += 1), { capture: true });
    window.addEventListener("keydown", ({ target }) => (this.gesture += isTextEntry(target) ? 0 : 1), { capture: true });
  }

  /** Takes up a draft's regions on a task's scans; the screen shows them when it is drawn next. */
  load(sheet: Sheet, scans: readonly Scan[]): void {
    this.scans = scans;
    this.masks.load(scans, sheet.masks);
    this.drawings.load(scans, sheet.marks);
    this.measurements.clear();
    this.history = new History(sheet);
    this.selected = null;
    // Another case begins with nothing in hand that looks like an answer.
    if (this.label) this.putDown();
  }

  /** Draws what was put into the sheet otherwise than by the pointer; it is a step like any other. */
  put(sheet: Sheet): void {
    this.draw(sheet);
    this.gesture += 1;
    this.record(sheet);
  }

  /** Takes everything off the screen. */
  clear(): void {
    this.load(emptySheet(), []);
    this.screen.render();
  }

  /** Writes what is drawn into a sheet; it is a step that can be taken back. */
  read(sheet: Sheet): void {
    const known = new Set(sheet.masks.map(({ id }) => id));
    sheet.marks = this.drawings.marks;
    if (this.masks.isUsed) sheet.masks = this.masks.masks(sheet.masks);
    const fresh = sheet.masks.find(({ id }) => !known.has(id));
    if (fresh && this.asksDetails) this.selected = fresh.id;
    if (!regionsOf(sheet).some(({ id }) => id === this.selected)) this.selected = null;
    this.record(sheet);
  }

  /** Adds marks and masks that were not drawn by hand; it is a step that can be taken back. */
  add(sheet: Sheet, added: RegionSheet): void {
    sheet.marks = [...sheet.marks, ...added.marks];
    sheet.masks = [...sheet.masks, ...added.masks];
    this.masks.load(this.scans, sheet.masks);
    this.drawings.restore(sheet.marks);
    this.record(sheet);
    this.screen.render();
  }

  /** Keeps what was said of a mark as a step that can be taken back. */
  record(sheet: Sheet): void {
    this.history.record(sheet, this.gesture);
  }

  /** Takes the last step back; false where there is none. */
  undo(sheet: Sheet): boolean {
    return this.restore(sheet, this.history.present, this.history.undo());
  }

  redo(sheet: Sheet): boolean {
    return this.restore(sheet, this.history.present, this.history.redo());
  }

  /** Takes a label in hand, with the tool that draws it; once more, and it is put down. */
  toggle(question: string, value: string): void {
    const label = labelOf(this.labels, question, value);
    const isInUse = label === this.label && label && this.screen.toolbox.current === toolOf(label);
    if (!label || isInUse) this.putDown();
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

  /** Goes to a mark's scan and slice, and selects it. */
  show({ id, item }: Pick<Mark | Mask, "id" | "item">): void {
    this.goTo(item);
    this.drawings.select(id);
    this.choose(id);
    this.screen.render();
  }

  /** Shows the mark after the selected one, in the order of the frames. */
  showNext(sheet: Sheet): void {
    const all = [...regionsOf(sheet)].sort((a, b) => a.item - b.item);
    const at = all.findIndex(({ id }) => id === this.selected);
    const next = all[(at + 1) % all.length];
    if (next) this.show(next);
  }

  /** Gives the selected mark or mask the next label of its question. */
  relabel(sheet: Sheet): void {
    const region = regionsOf(sheet).find(({ id }) => id === this.selected);
    const values = this.labels.filter(({ question }) => question === region?.question).map(({ value }) => value);
    const next = region && values[(values.indexOf(region.label) + 1) % values.length];
    if (!region || !next || next === region.label) return;
    // What the mark was is not what the next one is to be.
    if (this.label && this.label === labelOf(this.labels, region.question, region.label)) this.putDown();
    if ("rle" in region) this.masks.relabel(region, next);
    else this.drawings.relabel(region.id, next);
    this.screen.render();
  }

  remove({ id }: Pick<Mark | Mask, "id">, sheet: Sheet): void {
    const mask = sheet.masks.find((other) => other.id === id);
    if (mask) this.masks.clear(mask);
    else this.drawings.remove(id);
    this.screen.render();
  }

  /** Takes away the selected marks and measurements, or the mask that was chosen in the list. */
  removeSelected(sheet: Sheet): void {
    const drawn = annotation.selection.getAnnotationsSelected();
    for (const uid of drawn) annotation.state.removeAnnotation(uid);
    const mask = sheet.masks.find(({ id }) => id === this.selected);
    if (mask && drawn.length === 0) this.remove(mask, sheet);
    this.screen.render();
  }

  /** What was measured last. */
  get measured(): Measured | null {
    return this.measurements.measured;
  }

  private restore(sheet: Sheet, before: RegionSheet, after: RegionSheet | null): boolean {
    if (!after) return false;
    Object.assign(sheet, after);
    const changed = firstChange(before, after) ?? firstChange(after, before);
    if (changed) this.goTo(changed.item);
    this.draw(sheet);
    return true;
  }

  /** What is on the screen already is left as it is. */
  private draw(sheet: Sheet): void {
    this.masks.load(this.scans, sheet.masks);
    this.drawings.restore(sheet.marks);
    if (!regionsOf(sheet).some(({ id }) => id === this.selected)) this.selected = null;
    this.screen.render();
  }

  private goTo(item: number): void {
    const place = locate(this.scans, item);
    if (place) this.screen.goTo(place.scan, place.frame);
  }

  private choose(id: string | null): void {
    this.selected = id;
    this.onSelect();
  }

  private take(label: RegionLabel): void {
    const isMask = label.kind === "masks";
    this.label = label;
    this.drawings.label = isMask ? null : label;
    this.masks.label = isMask ? label : null;
    this.screen.toolbox.take(toolOf(label));
  }
}

function toolOf({ kind }: RegionLabel): MarkKind | "brush" {
  return kind === "masks" ? "brush" : DRAWN_BY[kind];
}

/** The first region of one snapshot that the other has not, or has otherwise. */
function firstChange(one: RegionSheet, other: RegionSheet): Mark | Mask | undefined {
  const same = new Set(regionsOf(other));
  return regionsOf(one).find((region) => !same.has(region));
}
