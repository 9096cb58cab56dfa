import type { Cell } from "../cell";
import { onElement, type Pixel } from "../plane";
import type { Bounds } from "./bounds";
import type { Layer } from "./layer";
import { LayerImage } from "./raster";

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
  layers: readonly Layer[];
  pointed: Pointed | null;
}

/** The paint over one cell: a canvas above the image and below the other marks. */
export class Picture {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
  private readonly images = new Map<string, LayerImage>();
  private isWaiting = false;

  constructor(
    private readonly cell: Cell,
    private readonly colours: Uint32Array,
    private readonly content: () => Content | null,
  ) {
    this.canvas.className = "paint";
    this.canvas.setAttribute("aria-hidden", "true");
    cell.element.querySelector("canvas")?.after(this.canvas);
  }

  /** Draws before the screen is refreshed next, once for all that happens until then. */
  drawSoon(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.draw();
    });
  }

  draw(): void {
    const { clientWidth, clientHeight } = this.cell.element;
    const density = window.devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * density), Math.round(clientHeight * density)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, width, height);
    const content = this.content();
    if (content && (content.layers.length > 0 || content.pointed)) this.fill(content, density);
  }

  private fill({ layers, pointed }: Content, density: number): void {
    const { a, b, c, d, e, f } = this.cell.frameTransform;
    this.context.setTransform(a * density, b * density, c * density, d * density, e * density, f * density);
    // A pixel of the frame that is larger than the screen's has straight edges, as it was painted.
    const magnification = Math.hypot(a, b) * density;
    this.context.imageSmoothingEnabled = magnification < 1;
    // Outlines stay to be seen when a large frame is shown small.
    const thick = Math.max(1, 2 ** Math.round(Math.log2(OUTLINE / magnification)));
    for (const layer of layers) {
      const image = this.images.get(layer.question) ?? new LayerImage(this.colours);
      this.images.set(layer.question, image);
      image.show(layer, thick);
      // Whole numbers are centres: the frame's corner lies half a pixel before the first.
      this.context.drawImage(image.canvas, -0.5, -0.5);
    }
    if (pointed) this.drawPointed(pointed, density);
  }

  private drawPointed({ box, include, exclude }: Pointed, density: number): void {
    const { context } = this;
    const transform = this.cell.frameTransform;
    context.setTransform(density, 0, 0, density, 0, 0);
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
    for (const pixel of include) this.drawSign(onElement(transform, pixel), INCLUDED, true);
    for (const pixel of exclude) this.drawSign(onElement(transform, pixel), EXCLUDED, false);
  }

  private drawSign({ x, y }: { x: number; y: number }, colour: string, isPlus: boolean): void {
    const { context } = this;
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
}
