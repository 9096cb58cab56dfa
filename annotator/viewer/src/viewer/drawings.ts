import { eventTarget } from "@cornerstonejs/core";
import { annotation, Enums } from "@cornerstonejs/tools";

import type { Mark, MarkKind } from "../answers/marks";
import { itemOf, locate } from "../answers/sheet";
import type { Scan } from "../types";
import { type Drawn, LabelledBoxTool } from "./labelledbox";
import { LabelledEllipseTool } from "./labelledellipse";
import { LabelledPointTool } from "./labelledpoint";
import { labelOf, type RegionLabel } from "./labels";
import { OutlineTool } from "./outlinetool";
import { framePlane, pixelToWorld, worldToPixel } from "./plane";
import { imageId, numbersOf } from "./registry";
import { handlesOf, shapeOf } from "./shapes";

/** The tool that draws each kind of mark. */
export const TOOL_OF: Readonly<Record<MarkKind, string>> = {
  point: LabelledPointTool.toolName,
  box: LabelledBoxTool.toolName,
  ellipse: LabelledEllipseTool.toolName,
  polygon: OutlineTool.toolName,
};

const KIND_OF = new Map(Object.entries(TOOL_OF).map(([kind, tool]) => [tool, kind as MarkKind]));

/**
 * The marks of a task: Cornerstone draws and edits them; what is kept is their shape in percent of the
 * frame. A mark that nobody has touched stays as it came, on whichever scan, shown or not.
 */
export class Drawings {
  private readonly marks_ = new Map<string, Mark>();
  private scans: readonly Scan[] = [];
  private isLoading = false;
  /** The label that the next mark gets. */
  label: RegionLabel | null = null;
  onChange: () => void = () => undefined;
  onSelect: (id: string | null) => void = () => undefined;
  /** A mark that lies on no frame of the scan, such as on a plane laid through a volume. */
  onRefused: () => void = () => undefined;

  constructor(private readonly labels: readonly RegionLabel[]) {
    const { ANNOTATION_ADDED, ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = Enums.Events;
    this.listen(ANNOTATION_ADDED, (drawn) => this.begun(drawn));
    this.listen(ANNOTATION_MODIFIED, (drawn) => this.changed(drawn));
    this.listen(ANNOTATION_COMPLETED, (drawn) => this.completed(drawn));
    this.listen(ANNOTATION_REMOVED, (drawn) => {
      if (this.marks_.delete(drawn.annotationUID ?? "")) this.onChange();
    });
    eventTarget.addEventListener(Enums.Events.ANNOTATION_SELECTION_CHANGE, () => {
      if (!this.isLoading) this.onSelect(this.selected);
    });
  }

  get marks(): readonly Mark[] {
    return [...this.marks_.values()];
  }

  /** The mark that was selected last. */
  get selected(): string | null {
    return annotation.selection.getAnnotationsSelected().findLast((uid) => this.marks_.has(uid)) ?? null;
  }

  /** Takes away what was drawn on the last task and draws the marks of this one. */
  load(scans: readonly Scan[], marks: readonly Mark[]): void {
    this.quietly(() => {
      this.marks_.clear();
      annotation.selection.deselectAnnotation();
      annotation.state.removeAllAnnotations();
      this.scans = scans;
      for (const mark of marks) this.draw(mark);
    });
  }

  /** Draws a snapshot of the same task; what it has in common with the screen is left alone. */
  restore(marks: readonly Mark[]): void {
    this.quietly(() => {
      const selected = this.selected;
      const wanted = new Map(marks.map((mark) => [mark.id, mark]));
      for (const [id, mark] of this.marks_) {
        if (wanted.get(id) !== mark) annotation.state.removeAnnotation(id);
      }
      const before = new Map(this.marks_);
      this.marks_.clear();
      for (const mark of marks) {
        if (before.get(mark.id) === mark) this.marks_.set(mark.id, mark);
        else this.draw(mark);
      }
      if (selected && this.marks_.has(selected)) annotation.selection.setAnnotationSelected(selected);
    });
  }

  select(id: string): void {
    if (this.marks_.has(id)) annotation.selection.setAnnotationSelected(id);
    else annotation.selection.deselectAnnotation();
  }

  remove(id: string): void {
    if (this.marks_.has(id)) annotation.state.removeAnnotation(id);
  }

  /** Gives a mark another label of the same question. */
  relabel(id: string, value: string): void {
    const mark = this.marks_.get(id);
    const label = mark && labelOf(this.labels, mark.question, value);
    const drawn = annotation.state.getAnnotation(id) as Drawn | undefined;
    if (!mark || !label || !drawn) return;
    this.marks_.set(id, { ...mark, label: value });
    this.dress(drawn, label);
    this.onChange();
  }

  private quietly(act: () => void): void {
    // Clearing away and drawing what is stored is no change of this task's answer.
    this.isLoading = true;
    try {
      act();
    } finally {
      this.isLoading = false;
    }
  }

  private listen(event: string, act: (drawn: Drawn) => void): void {
    eventTarget.addEventListener(event, (raised: Event) => {
      const { detail } = raised as CustomEvent<{ annotation: Drawn }>;
      const isMark = KIND_OF.has(detail.annotation.metadata?.toolName ?? "");
      if (isMark && !this.isLoading && this.scans.length > 0) act(detail.annotation);
    });
  }

  private begun(drawn: Drawn): void {
    if (this.label) this.dress(drawn, this.label);
  }

  private dress(drawn: Drawn, { text, colour }: RegionLabel): void {
    drawn.data.label = text;
    annotation.config.style.setAnnotationStyles(drawn.annotationUID as string, {
      color: colour,
      colorHighlighted: colour,
      colorSelected: colour,
      textBoxColor: colour,
      textBoxColorHighlighted: colour,
      textBoxColorSelected: colour,
      lineWidth: "2",
      lineWidthSelected: "3",
    });
  }

  private changed(drawn: Drawn): void {
    const mark = this.read(drawn);
    if (!mark) return;
    this.marks_.set(mark.id, mark);
    this.onChange();
  }

  private completed(drawn: Drawn): void {
    const uid = drawn.annotationUID ?? "";
    this.changed(drawn);
    if (!this.marks_.has(uid)) {
      annotation.state.removeAnnotation(uid);
      if (!this.place(drawn)) this.onRefused();
    } else this.onSelect(this.selected);
  }

  private place(drawn: Drawn): { scan: Scan; frame: number } | undefined {
    const numbers = numbersOf(drawn.metadata?.referencedImageId ?? "");
    const scan = this.scans.find(({ id }) => id === numbers?.scan);
    return numbers && scan ? { scan, frame: numbers.frame } : undefined;
  }

  private read(drawn: Drawn): Mark | undefined {
    const id = drawn.annotationUID ?? "";
    const named = this.marks_.get(id) ?? (this.label && { question: this.label.question, label: this.label.value });
    const kind = KIND_OF.get(drawn.metadata?.toolName ?? "");
    const place = this.place(drawn);
    const points = drawn.data.handles?.points;
    if (!named || !kind || !place || !points) return undefined;
    const { scan, frame } = place;
    const plane = framePlane(scan, frame);
    const shape = shapeOf(kind, points.map((point) => worldToPixel(plane, [...point])), scan);
    const { question, label } = named;
    return shape && { id, question, label, item: itemOf(this.scans, scan, frame), ...shape };
  }

  private draw(mark: Mark): void {
    this.marks_.set(mark.id, mark);
    const place = locate(this.scans, mark.item);
    const label = labelOf(this.labels, mark.question, mark.label);
    if (!place || !label) return;
    const { scan, frame } = place;
    const plane = framePlane(scan, frame);
    const points = handlesOf(mark, scan).map((pixel) => pixelToWorld(plane, pixel));
    const drawn: Drawn = {
      annotationUID: mark.id,
      highlighted: false,
      invalidated: false,
      isLocked: false,
      isVisible: true,
      metadata: {
        toolName: TOOL_OF[mark.kind],
        FrameOfReferenceUID: `scan-${scan.id}`,
        referencedImageId: imageId(scan, frame),
      },
      data: { label: label.text, handles: { points, activeHandleIndex: null, textBox: unusedTextBox() }, cachedStats: {} },
    } as unknown as Drawn;
    this.dress(drawn, label);
    annotation.state.addAnnotation(drawn, `scan-${scan.id}`);
  }
}

/** Cornerstone's shapes have one, though their label is written on their edge. */
function unusedTextBox(): object {
  const nowhere = (): number[] => [0, 0, 0];
  return {
    hasMoved: false,
    worldPosition: nowhere(),
    worldBoundingBox: { topLeft: nowhere(), topRight: nowhere(), bottomLeft: nowhere(), bottomRight: nowhere() },
  };
}
