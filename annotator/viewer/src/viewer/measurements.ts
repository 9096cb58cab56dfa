import { eventTarget } from "@cornerstonejs/core";
import { AngleTool, annotation, Enums, LengthTool } from "@cornerstonejs/tools";

import type { Drawn } from "./labelledbox";
import { address } from "./registry";

/** What was measured: px where the scan has no pixel spacing. */
export interface Measured {
  value: number;
  unit: "mm" | "px" | "°";
}

const TOOLS: ReadonlySet<string> = new Set([LengthTool.toolName, AngleTool.toolName]);

type Point = readonly number[];

/** The reader's own lengths and angles: shown, entered into a number with a key, and not kept. */
export class Measurements {
  private last = "";
  onChange: () => void = () => undefined;

  constructor() {
    const { ANNOTATION_MODIFIED, ANNOTATION_COMPLETED, ANNOTATION_REMOVED } = Enums.Events;
    for (const event of [ANNOTATION_MODIFIED, ANNOTATION_COMPLETED]) {
      this.listen(event, (uid) => (this.last = uid));
    }
    this.listen(ANNOTATION_REMOVED, (uid) => {
      if (uid === this.last) this.last = "";
    });
  }

  /** Forgets what was measured on the last task. */
  clear(): void {
    this.last = "";
  }

  /** The one made or changed last. */
  get measured(): Measured | null {
    const drawn = this.last ? (annotation.state.getAnnotation(this.last) as Drawn | undefined) : undefined;
    const [first, second, third] = drawn?.data.handles?.points ?? [];
    if (!drawn || !first || !second) return null;
    if (drawn.metadata?.toolName === AngleTool.toolName) {
      return third ? { value: angle(first, second, third), unit: "°" } : null;
    }
    // A plane laid through a volume has no frame: only scans with spacing have such planes.
    const place = address(drawn.metadata?.referencedImageId ?? "");
    const unit = place && !place.scan.geometry.spacing ? "px" : "mm";
    return { value: distance(first, second), unit };
  }

  private listen(event: string, act: (uid: string) => void): void {
    eventTarget.addEventListener(event, (raised: Event) => {
      const { detail } = raised as CustomEvent<{ annotation: Drawn }>;
      const { annotationUID = "", metadata } = detail.annotation;
      if (!TOOLS.has(metadata?.toolName ?? "")) return;
      act(annotationUID);
      this.onChange();
    });
  }
}

function distance(from: Point, to: Point): number {
  return Math.hypot(...to.map((value, axis) => value - (from[axis] ?? 0)));
}

/** Degrees between the two lines that meet at `corner`. */
export function angle(from: Point, corner: Point, to: Point): number {
  const one = from.map((value, axis) => value - (corner[axis] ?? 0));
  const other = to.map((value, axis) => value - (corner[axis] ?? 0));
  const dot = one.reduce((sum, value, axis) => sum + value * (other[axis] ?? 0), 0);
  const cosine = dot / (Math.hypot(...one) * Math.hypot(...other));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
