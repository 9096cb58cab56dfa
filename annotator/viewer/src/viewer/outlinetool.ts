import { getEnabledElement, type Types as Core } from "@cornerstonejs/core";
import { annotation as annotations, AnnotationTool, drawing, Enums, type Types, utilities } from "@cornerstonejs/tools";

import type { Drawn } from "./labelledbox";
import { distanceTo, drawLabel, nearestEdge } from "./labeltext";
import { simplified } from "./simplify";

type Press = Types.EventTypes.InteractionEventType;

const { Events } = Enums;
/** CSS pixels: a traced line has a corner this often at most; a click this near the start closes. */
const STEP = 2;
const CLOSING = 9;
/** A stroke longer than this is an outline by hand; a shorter one was a click with a shaky hand. */
const SHORTEST_STROKE = 24;
/** CSS pixels by which a traced line may be simplified: what a hand cannot mean. */
const SLACK = 0.7;

/** An outline has no fewer corners. */
const FEWEST = 3;

/**
 * Closed outlines: a drag traces one by hand, clicks set its corners. It is closed by a click on its
 * first corner, a double click or `finish`; a stroke that begins the outline closes itself. Afterwards
 * corners and the whole are dragged; with Alt an edge gets a corner more, and a corner is taken out.
 */
export class OutlineTool extends AnnotationTool {
  static override toolName = "Outline";
  private drawn: Drawn | null = null;
  private element: HTMLDivElement | null = null;
  private stroke: Core.Point2[] = [];
  private pointer: Core.Point2 | null = null;

  constructor(
    toolProps: Types.PublicToolProps = {},
    defaultToolProps: Types.ToolProps = { supportedInteractionTypes: ["Mouse", "Touch"], configuration: {} },
  ) {
    super(toolProps, defaultToolProps);
    this._dragCallback = (event: Press) => this.dragged(event);
    this._endCallback = (event: Press) => this.released(event);
  }

  override addNewAnnotation = (event: Press): Drawn => {
    const { element, currentPoints } = event.detail;
    const viewport = viewportOf(element);
    const drawn = OutlineTool.createAnnotationForViewport<Drawn>(viewport, {
      data: { handles: { points: [[...currentPoints.world]], activeHandleIndex: null }, isOpen: true },
    });
    annotations.state.addAnnotation(drawn, element);
    this.drawn = drawn;
    this.element = element;
    this.stroke = [currentPoints.canvas];
    this.isDrawing = true;
    this._activateModify(element);
    this.listen("addEventListener");
    event.preventDefault();
    this.redraw();
    return drawn;
  };

  override cancel = (): string | undefined => {
    const uid = this.drawn?.annotationUID;
    if (!this.drawn) return undefined;
    this.end();
    if (uid) annotations.state.removeAnnotation(uid);
    return uid;
  };

  /** Closes the outline that is being drawn; false where there is none. */
  finish(): boolean {
    const { drawn } = this;
    if (!drawn) return false;
    this.end();
    drawn.data["isOpen"] = false;
    utilities.triggerAnnotationRenderForViewportIds(this.seenIn(this.element));
    annotations.state.triggerAnnotationCompleted(drawn);
    return true;
  }

  override handleSelectedCallback = (event: Press, drawn: Drawn, handle: Types.ToolHandle): void => {
    const handleIndex = cornersOf(drawn).findIndex((corner) => corner === handle);
    if (isWithAlt(event)) this.takeOut(event, drawn, handleIndex);
    else this.edit(event, { annotation: drawn, handleIndex });
  };

  override toolSelectedCallback = (event: Press, drawn: Drawn): void => {
    const handleIndex = isWithAlt(event) ? this.putIn(event, drawn) : undefined;
    this.edit(event, { annotation: drawn, ...(handleIndex === undefined ? {} : { handleIndex }) });
  };

  override isPointNearTool = (
    element: HTMLDivElement,
    drawn: Drawn,
    canvas: Core.Point2,
    proximity: number,
  ): boolean => drawn !== this.drawn && distanceTo(this.onCanvas(element, drawn), canvas, true) <= proximity;

  override renderAnnotation = (enabled: Core.IEnabledElement, helper: Types.SVGDrawingHelper): boolean => {
    const { element } = enabled.viewport;
    const all = annotations.state.getAnnotations(this.getToolName(), element) as Drawn[] | undefined;
    const seen = all?.length ? (this.filterInteractableAnnotationsForElement(element, all) ?? []) : [];
    for (const drawn of seen as Drawn[]) this.renderOne(enabled, helper, drawn);
    return seen.length > 0;
  };

  private renderOne({ viewport }: Core.IEnabledElement, helper: Types.SVGDrawingHelper, drawn: Drawn): void {
    const uid = drawn.annotationUID ?? "";
    const specifier = { toolGroupId: this.toolGroupId, toolName: this.getToolName(), viewportId: viewport.id };
    const style = this.getAnnotationStyle({
      annotation: drawn,
      styleSpecifier: { ...specifier, annotationUID: uid },
    }) as { color: string; lineWidth: number };
    const corners = cornersOf(drawn).map((corner) => viewport.worldToCanvas(corner));
    const isOpen = drawn === this.drawn;
    const line = isOpen && this.pointer ? [...corners, this.pointer] : corners;
    drawing.drawPath(helper, uid, "outline", line, { ...style, closePath: !isOpen });
    const handles = isOpen ? corners.slice(0, 1) : corners;
    if (isOpen || drawn.highlighted || drawn.isSelected) {
      drawing.drawHandles(helper, uid, "corners", handles, { color: style.color, handleRadius: isOpen ? 5 : 3 });
    }
    if (!isOpen) drawLabel(helper, uid, drawn.data.label ?? "", highest(corners), style.color, -12);
  }

  private edit(event: Press, editData: NonNullable<OutlineTool["editData"]>): void {
    this.editData = editData;
    editData.annotation.highlighted = true;
    this.element = event.detail.element;
    this._activateModify(event.detail.element);
    event.preventDefault();
    this.redraw();
  }

  /** A corner where the edge was pressed; it can be dragged on. */
  private putIn({ detail }: Press, drawn: Drawn): number {
    const { canvas, world } = detail.currentPoints;
    const at = nearestEdge(this.onCanvas(detail.element, drawn), canvas) + 1;
    cornersOf(drawn).splice(at, 0, [...world]);
    annotations.state.triggerAnnotationModified(drawn, detail.element);
    return at;
  }

  private takeOut(event: Press, drawn: Drawn, corner: number): void {
    event.preventDefault();
    const corners = cornersOf(drawn);
    if (corners.length <= FEWEST) return;
    corners.splice(corner, 1);
    const { element } = event.detail;
    annotations.state.triggerAnnotationModified(drawn, element);
    utilities.triggerAnnotationRenderForViewportIds(this.seenIn(element));
  }

  private dragged(event: Press): void {
    if (this.drawn) this.traced(event);
    else this.moved(event);
    this.redraw();
  }

  private traced({ detail }: Press): void {
    const { canvas, world } = detail.currentPoints;
    const last = this.stroke.at(-1);
    if (last && Math.hypot(canvas[0] - last[0], canvas[1] - last[1]) < STEP) return;
    this.stroke.push(canvas);
    this.pointer = null;
    cornersOf(this.drawn).push([...world]);
  }

  private moved({ detail }: Press): void {
    const { annotation: drawn, handleIndex } = this.editData ?? {};
    if (!drawn) return;
    const corners = cornersOf(drawn);
    if (handleIndex === undefined) {
      const by = detail.deltaPoints.world;
      for (const corner of corners) by.forEach((step, axis) => (corner[axis] = (corner[axis] ?? 0) + step));
    } else corners[handleIndex] = [...detail.currentPoints.world];
    annotations.state.triggerAnnotationModified(drawn, detail.element);
  }

  private released({ detail }: Press): void {
    if (this.drawn) return this.strokeEnded(this.drawn, detail.currentPoints.canvas);
    const { editData } = this;
    this.editData = null;
    this._deactivateModify(detail.element);
    if (editData) editData.annotation.highlighted = false;
    this.redraw();
  }

  private strokeEnded(drawn: Drawn, at: Core.Point2): void {
    const length = this.stroke.reduce((sum, [x, y], index) => {
      const before = this.stroke[index - 1];
      return before ? sum + Math.hypot(x - before[0], y - before[1]) : 0;
    }, 0);
    const corners = cornersOf(drawn);
    const count = this.stroke.length;
    this.stroke = [];
    if (length >= SHORTEST_STROKE) {
      const kept = simplified(corners.splice(-count), this.slack);
      const isWhole = corners.length === 0;
      corners.push(...kept);
      if (isWhole || this.isAtStart(at)) this.finish();
    } else corners.splice(corners.length - count + 1, count - 1);
  }

  /** While the corners are set by clicks: the line to the pointer, and each click. */
  private readonly hovered = ((event: Press): void => {
    this.pointer = event.detail.currentPoints.canvas;
    this.redraw();
  }) as unknown as EventListener;

  private readonly clicked = ((event: Press): void => {
    const { canvas, world } = event.detail.currentPoints;
    if (this.isAtStart(canvas) && cornersOf(this.drawn).length >= FEWEST) this.finish();
    else {
      this.stroke = [canvas];
      cornersOf(this.drawn).push([...world]);
      this.redraw();
    }
    event.preventDefault();
    (event as unknown as Event).stopImmediatePropagation();
  }) as unknown as EventListener;

  private listen(how: "addEventListener" | "removeEventListener"): void {
    this.element?.[how](Events.MOUSE_MOVE, this.hovered);
    this.element?.[how](Events.MOUSE_DOWN, this.clicked);
    this.element?.[how](Events.TOUCH_START, this.clicked);
  }

  private end(): void {
    if (this.element) this._deactivateModify(this.element);
    this.listen("removeEventListener");
    this.drawn = this.pointer = null;
    this.isDrawing = false;
  }

  private isAtStart([x, y]: Core.Point2): boolean {
    const [first] = this.element && this.drawn ? this.onCanvas(this.element, this.drawn) : [];
    return first !== undefined && Math.hypot(first[0] - x, first[1] - y) <= CLOSING;
  }

  /** World units of one CSS pixel, times the slack. */
  private get slack(): number {
    if (!this.element) return 0;
    const viewport = viewportOf(this.element);
    const [from, to] = [viewport.canvasToWorld([0, 0]), viewport.canvasToWorld([1, 0])];
    return SLACK * Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
  }

  private onCanvas(element: HTMLDivElement, drawn: Drawn): Core.Point2[] {
    const viewport = viewportOf(element);
    return cornersOf(drawn).map((corner) => viewport.worldToCanvas(corner));
  }

  private redraw(): void {
    utilities.triggerAnnotationRenderForViewportIds(this.seenIn(this.element));
  }

  private seenIn(element: HTMLDivElement | null): string[] {
    return element ? utilities.viewportFilters.getViewportIdsWithToolToRender(element, this.getToolName()) : [];
  }
}

function isWithAlt({ detail }: Press): boolean {
  return (detail.event as Partial<MouseEvent> | undefined)?.altKey === true;
}

function viewportOf(element: HTMLDivElement): Core.IEnabledElement["viewport"] {
  const enabled = getEnabledElement(element);
  if (!enabled) throw new Error("The outline's viewport is gone.");
  return enabled.viewport;
}

function cornersOf(drawn: Drawn | null): Core.Point3[] {
  return (drawn?.data.handles?.points ?? []) as Core.Point3[];
}

function highest(corners: readonly Core.Point2[]): Core.Point2[] {
  const [first] = [...corners].sort(([, a], [, b]) => a - b);
  return first ? [first] : [];
}
