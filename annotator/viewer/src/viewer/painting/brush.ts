import type { Scan } from "../../types";
import type { Radius } from "./sweep";

const STEP = 1.25;
const LEAST_PIXELS = 0.5;

/** The size of the brush, and which values the threshold brush takes. */
export class Brush {
  private radius_ = 1;
  private tolerance_ = 0;
  /** The values of the stroke in hand, or of the last. */
  private range_: [number, number] | null = null;
  onChange: () => void = () => undefined;

  /** mm, or pixels where the spacing is unknown. */
  get radius(): number {
    return this.radius_;
  }

  /** How far a value may lie from the first pixel's, in modality units. */
  get tolerance(): number {
    return this.tolerance_;
  }

  set tolerance(tolerance: number) {
    this.tolerance_ = Math.max(0, tolerance);
    this.range_ = null;
    this.onChange();
  }

  get range(): [number, number] | null {
    return this.range_;
  }

  set range(range: [number, number] | null) {
    this.range_ = range;
    this.onChange();
  }

  /** Suits a scan: a lesion in most, and a tolerance of an eighth of its window. */
  suit({ geometry: { spacing, columns, window, samples, smallest, largest } }: Scan): void {
    this.radius_ = ((spacing?.[1] ?? 1) * columns) / 50;
    const width = samples === 3 ? 256 : (window?.[1] ?? largest - smallest);
    this.tolerance = Number((width / 8).toPrecision(2));
  }

  resize(direction: 1 | -1, scan: Scan): void {
    const least = LEAST_PIXELS * (scan.geometry.spacing?.[1] ?? 1);
    this.radius_ = Math.max(least, this.radius_ * STEP ** direction);
    this.onChange();
  }

  widen(direction: 1 | -1): void {
    this.tolerance = Number((this.tolerance_ * STEP ** direction).toPrecision(2));
  }

  /** The brush in pixels of a scan. */
  pixels({ geometry: { spacing } }: Scan): Radius {
    return { columns: this.radius_ / (spacing?.[1] ?? 1), rows: this.radius_ / (spacing?.[0] ?? 1) };
  }
}
