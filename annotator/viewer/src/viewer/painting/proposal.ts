import type { RegionLabel } from "../labels";
import type { Pixel } from "../plane";
import type { FrameSamples, Segmenter } from "../segmentation/segmenter";
import type { Bounds } from "./bounds";
import { fill } from "./fills";
import type { Layer } from "./layer";
import type { Motion } from "./pointer";
import type { Pointed } from "./picture";

/** A drag shorter than this, in pixels of the frame, is a click. */
const LEAST_BOX = 3;

/** How a click counts: Shift adds to the structure in hand, Ctrl or Alt takes away from it. */
export type ClickKind = "new" | "include" | "exclude";

export function clickKind(press: PointerEvent): ClickKind {
  if (press.ctrlKey || press.altKey || press.metaKey) return "exclude";
  return press.shiftKey ? "include" : "new";
}

/** One structure that is pointed at until its proposed outline fits; painted at once, and refined in place. */
export class Proposal {
  pointed: Pointed = { box: null, include: [], exclude: [] };
  private readonly before: Uint8Array<ArrayBuffer>;
  private version: number;
  private asked = 0;

  constructor(
    readonly layer: Layer,
    readonly label: RegionLabel,
    private readonly frame: FrameSamples,
    private readonly segmenter: Segmenter,
  ) {
    this.before = layer.pixels.slice();
    this.version = layer.version;
  }

  /** False once the frame has been painted on otherwise. */
  get isCurrent(): boolean {
    return this.layer.version === this.version;
  }

  point(kind: ClickKind, at: Pixel): void {
    const { pointed } = this;
    if (kind === "exclude") this.pointed = { ...pointed, exclude: [...pointed.exclude, at] };
    else this.pointed = { ...pointed, include: [...pointed.include, at] };
  }

  /** Paints what the segmenter answers; false where it answers nothing new. Throws what the segmenter threw. */
  async ask(): Promise<boolean> {
    const { box, include } = this.pointed;
    if (!box && include.length === 0) return false;
    const asked = (this.asked += 1);
    const mask = await this.segmenter.propose(this.frame, this.pointed);
    if (asked !== this.asked || !this.isCurrent) return false;
    this.paint(mask);
    return true;
  }

  private paint(mask: Uint8Array): void {
    this.layer.restore(this.before.slice());
    fill(this.layer, this.label.segment, mask);
    this.version = this.layer.version;
  }
}

/** The press that points: a click, or a drag of a box. */
export class PointMotion implements Motion {
  private to: Pixel;

  constructor(
    private readonly from: Pixel,
    private readonly rows: number,
    private readonly columns: number,
    private readonly hasChanged: (box: Bounds | null) => void,
    private readonly onEnd: (box: Bounds | null) => void,
  ) {
    this.to = from;
  }

  move(to: Pixel): void {
    this.to = to;
    this.hasChanged(this.box);
  }

  end(): void {
    this.onEnd(this.box);
  }

  cancel(): void {
    this.hasChanged(null);
  }

  /** null while it is no more than a click. */
  private get box(): Bounds | null {
    const cut = (value: number, size: number): number => Math.min(size, Math.max(0, Math.round(value)));
    const { from, to, rows, columns } = this;
    const box = {
      left: cut(Math.min(from.column, to.column), columns - 1),
      top: cut(Math.min(from.row, to.row), rows - 1),
      right: cut(Math.max(from.column, to.column) + 1, columns),
      bottom: cut(Math.max(from.row, to.row) + 1, rows),
    };
    return box.right - box.left > LEAST_BOX && box.bottom - box.top > LEAST_BOX ? box : null;
  }
}
