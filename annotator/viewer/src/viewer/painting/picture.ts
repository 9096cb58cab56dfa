import type { Cell } from "../cell";
import { drawOverFrame, ImageLayer } from "../imagelayer";
import { onElement, type Pixel } from "../plane";
import type { Bounds } from "./bounds";
import { LayerImage, type Shown } from "./raster";

/** How wide outlines are at least, pixels of the screen. */
const OUTLINE = 1.75;
/** Half the length of a sign, CSS pixels. */
const SIGN = 7;
const INCLUDED = "#7dffb0";
const EXCLUDED = "#ff8080";

/** What the reader has pointed at for a proposal. */
export interface Pointed {
  box: Bounds | null;
  include: readonly Pixel[];
  exclude: readonly Pixel[];
}

interface Content {
  layers: readonly Shown[];
  pointed: Pointed | null;
}

/** The paint over one cell: above the image and below the other marks. */
export class Picture {
  private readonly layer: ImageLayer;
  private readonly images = new Map<string, LayerImage>();
  private isWaiting = false;

  constructor(
    private readonly cell: Cell,
    private readonly colours: Uint32Array,
    private readonly content: () => Content | null,
  ) {
    this.layer = new ImageLayer(cell, "paint", (context) => {
      const shown = this.content();
      if (shown && (shown.layers.length > 0 || shown.pointed)) this.fill(context, shown);
    });
    cell.element.querySelector("canvas")?.after(this.layer.canvas);
  }

  /** Draws before the screen is refreshed next, once for all that happens until then. */
  drawSoon(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.layer.draw();
    });
  }

  private fill(context: CanvasRenderingContext2D, { layers, pointed }: Content): void {
    const { a, b } = this.cell.frameTransform;
    const magnification = Math.hypot(a, b) * window.devicePixelRatio;
    // A pixel of the frame that is larger than the screen's has straight edges, as it was painted.
    context.imageSmoothingEnabled = magnification < 1;
    // Outlines stay to be seen when a large frame is shown small.
    const thick = Math.max(1, 2 ** Math.round(Math.log2(OUTLINE / magnification)));
    for (const layer of layers) {
      const image = this.images.get(layer.question) ?? new LayerImage(this.colours);
      this.images.set(layer.question, image);
      image.show(layer, thick);
      drawOverFrame(context, this.cell, image.canvas);
    }
    if (pointed) this.drawPointed(context, pointed);
  }

  private drawPointed(context: CanvasRenderingContext2D, { box, include, exclude }: Pointed): void {
    const transform = this.cell.frameTransform;
    context.lineWidth = 1.5;
    if (box) {
      const corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]];
      context.strokeStyle = INCLUDED;
      context.setLineDash([5, 4]);
      context.beginPath();
      for (const [column = 0, row = 0] of corners) {
        const { x, y } = onElement(transform, { column: column - 0.5, row: row - 0.5 });
        context.lineTo(x, y);
      }
      context.closePath();
      context.stroke();
      context.setLineDash([]);
    }
    for (const pixel of include) drawSign(context, onElement(transform, pixel), INCLUDED, true);
    for (const pixel of exclude) drawSign(context, onElement(transform, pixel), EXCLUDED, false);
  }
}

function drawSign(
  context: CanvasRenderingContext2D,
  { x, y }: { x: number; y: number },
  colour: string,
  isPlus: boolean,
): void {
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(x - SIGN, y);
  context.lineTo(x + SIGN, y);
  if (isPlus) {
    context.moveTo(x, y - SIGN);
    context.lineTo(x, y + SIGN);
  }
  for (const [width, style] of [[6, "#000"], [3, colour]] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}
