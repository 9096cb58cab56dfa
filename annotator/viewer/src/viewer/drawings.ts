import { eventTarget } from "@cornerstonejs/core";
import { annotation, Enums, LengthTool } from "@cornerstonejs/tools";

import { type Box, itemOf, locate, newId } from "../answers/sheet";
import type { Scan } from "../types";
import { type Drawn, LabelledBoxTool } from "./labelledbox";
import type { RegionLabel } from "./labels";
import { boxCorners, framePlane, percentBox, pixelToWorld, worldToPixel } from "./plane";
import { address, imageId } from "./registry";

/** A click that did not become a drag leaves a box thinner than this many pixels. */
const THINNEST = 1;

interface Named {
  id: string;
  label: RegionLabel;
}

/** Rectangles and lengths on the scans: Cornerstone's annotations, told to the sheet as boxes. */
export class Drawings {
  private readonly named = new Map<string, Named>();
  private scans: readonly Scan[] = [];
  private lastLength = "";
  /** The label that the next rectangle gets. */
  label: RegionLabel | null = null;
  onChange: () => void = () => undefined;

  constructor(private readonly labels: readonly RegionLabel[]) {
    const { ANNOTATION_ADDED, ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } =
      Enums.Events;
    this.listen(ANNOTATION_ADDED, (drawn) => this.name(drawn));
    this.listen(ANNOTATION_MODIFIED, (drawn) => this.changed(drawn));
    this.listen(ANNOTATION_COMPLETED, (drawn) => this.completed(drawn));
    this.listen(ANNOTATION_REMOVED, (drawn) => {
      if (drawn.annotationUID === this.lastLength) this.lastLength = "";
      this.onChange();
    });
  }

  /** Takes away what was drawn on the last task and draws the boxes of a draft. */
  load(scans: readonly Scan[], boxes: readonly Box[]): void {
    this.named.clear();
    this.lastLength = "";
    this.scans = [];
    annotation.state.removeAllAnnotations();
    this.scans = scans;
    for (const box of boxes) this.draw(box);
  }

  boxes(): Box[] {
    return annotation.state
      .getAllAnnotations()
      .filter(({ metadata }) => metadata?.toolName === LabelledBoxTool.toolName)
      .flatMap((drawn) => this.box(drawn) ?? []);
  }

  /** The length measured last, in mm; null where there is none or the spacing is unknown. */
  length(): number | null {
    const drawn = this.lastLength ? annotation.state.getAnnotation(this.lastLength) : undefined;
    const place = drawn ? address(drawn.metadata?.referencedImageId ?? "") : undefined;
    const [from, to] = drawn?.data.handles?.points ?? [];
    if (!place?.scan.geometry.spacing || !from || !to) return null;
    return Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
  }

  select(boxId: string): void {
    const uid = [...this.named].find(([, { id }]) => id === boxId)?.[0];
    if (uid) annotation.selection.setAnnotationSelected(uid);
  }

  remove(boxId: string): void {
    const uid = [...this.named].find(([, { id }]) => id === boxId)?.[0];
    if (uid) annotation.state.removeAnnotation(uid);
  }

  /** True when something was selected, and is now gone. */
  removeSelected(): boolean {
    const selected = annotation.selection.getAnnotationsSelected();
    for (const uid of selected) annotation.state.removeAnnotation(uid);
    return selected.length > 0;
  }

  private listen(event: string, act: (drawn: Drawn) => void): void {
    eventTarget.addEventListener(event, (raised: Event) => {
      const { detail } = raised as CustomEvent<{ annotation: Drawn }>;
      // Clearing away the last task's drawings is not a change of this task's answer.
      if (this.scans.length > 0) act(detail.annotation);
    });
  }

  private name(drawn: Drawn): void {
    const uid = drawn.annotationUID;
    if (drawn.metadata?.toolName !== LabelledBoxTool.toolName || !uid || !this.label) return;
    if (!this.named.has(uid)) this.attach(drawn, { id: newId(), label: this.label });
  }

  private attach(drawn: Drawn, named: Named): void {
    const uid = drawn.annotationUID as string;
    this.named.set(uid, named);
    drawn.data.label = named.label.text;
    const { colour } = named.label;
    annotation.config.style.setAnnotationStyles(uid, {
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
    if (drawn.metadata?.toolName === LengthTool.toolName) this.lastLength = drawn.annotationUID ?? "";
    this.onChange();
  }

  private completed(drawn: Drawn): void {
    const uid = drawn.annotationUID;
    if (drawn.metadata?.toolName === LabelledBoxTool.toolName && uid && !this.box(drawn)) {
      annotation.state.removeAnnotation(uid);
    }
    this.changed(drawn);
  }

  private box(drawn: Drawn): Box | undefined {
    const named = this.named.get(drawn.annotationUID ?? "");
    const place = address(drawn.metadata?.referencedImageId ?? "");
    const points = drawn.data.handles?.points;
    if (!named || !place || !points) return undefined;
    const { scan, frame } = place;
    const plane = framePlane(scan, frame);
    const corners = points.map((point) => worldToPixel(plane, [...point]));
    const box = percentBox(corners, scan.rows, scan.columns);
    const isThin =
      (box.width / 100) * scan.columns < THINNEST || (box.height / 100) * scan.rows < THINNEST;
    if (isThin) return undefined;
    const { question, value } = named.label;
    return { id: named.id, question, label: value, item: itemOf(this.scans, scan, frame), ...box };
  }

  private draw(box: Box): void {
    const place = locate(this.scans, box.item);
    const label = this.labels.find(
      ({ question, value }) => question === box.question && value === box.label,
    );
    if (!place || !label) return;
    const { scan, frame } = place;
    const plane = framePlane(scan, frame);
    const points = boxCorners(box, scan.rows, scan.columns).map((pixel) => pixelToWorld(plane, pixel));
    const drawn = LabelledBoxTool.createAnnotation(
      {
        annotationUID: crypto.randomUUID(),
        highlighted: false,
        metadata: {
          toolName: LabelledBoxTool.toolName,
          FrameOfReferenceUID: `scan-${scan.id}`,
          referencedImageId: imageId(scan, frame),
        },
      },
      { data: { label: label.text, handles: { points } } },
    ) as unknown as Drawn;
    this.attach(drawn, { id: box.id, label });
    annotation.state.addAnnotation(drawn, `scan-${scan.id}`);
  }
}
