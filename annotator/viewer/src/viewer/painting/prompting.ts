import type { RegionLabel } from "../labels";
import type { Pixel } from "../plane";
import type { FrameSamples, Segmenter } from "../segmentation/segmenter";
import { WorkerSegmenter } from "../segmentation/workersegmenter";
import type { Bounds } from "./bounds";
import type { Layer } from "./layer";
import type { Motion } from "./pointer";
import type { Pointed } from "./picture";
import { type ClickKind, PointMotion, Proposal } from "./proposal";

/** Click or drag a box, and the outline of the structure there is painted. */
export class Prompting {
  private proposal: Proposal | null = null;
  /** The box that is being dragged, on which layer. */
  private dragged: { layer: Layer; box: Bounds } | null = null;
  private waiting = 0;
  /** The paint has changed, or only what is drawn about it. */
  onPaint: () => void = () => undefined;
  onPicture: () => void = () => undefined;
  onProblem: (text: string) => void = () => undefined;

  constructor(private readonly segmenter: Segmenter = new WorkerSegmenter()) {}

  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  /** Puts the structure in hand down; its paint stays. */
  finish(): void {
    this.proposal = null;
    this.dragged = null;
  }

  /** What is pointed at on a frame. */
  pointed(item: number): Pointed | null {
    if (this.dragged?.layer.item === item) return { box: this.dragged.box, include: [], exclude: [] };
    return this.proposal?.isCurrent && this.proposal.layer.item === item ? this.proposal.pointed : null;
  }

  begin(layer: Layer, label: RegionLabel, frame: FrameSamples, kind: ClickKind, at: Pixel): Motion {
    return new PointMotion(
      at,
      layer.rows,
      layer.columns,
      (box) => {
        this.dragged = box && { layer, box };
        this.onPicture();
      },
      (box) => {
        this.dragged = null;
        const isOther = this.proposal?.layer !== layer || this.proposal.label !== label || !this.proposal.isCurrent;
        if (box || kind === "new" || isOther || !this.proposal) {
          this.proposal = new Proposal(layer, label, frame, this.segmenter);
        }
        if (box) this.proposal.pointed = { box, include: [], exclude: [] };
        else this.proposal.point(kind, at);
        void this.ask(this.proposal);
      },
    );
  }

  private async ask(proposal: Proposal): Promise<void> {
    this.waiting += 1;
    this.onPicture();
    try {
      if (await proposal.ask()) this.onPaint();
    } catch (error) {
      this.onProblem(error instanceof Error ? error.message : String(error));
    } finally {
      this.waiting -= 1;
      this.onPicture();
    }
  }
}
