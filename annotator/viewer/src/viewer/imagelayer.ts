import { Enums } from "@cornerstonejs/core";

import type { Cell } from "./cell";

/**
 * A canvas over a scan that follows its every zoom, move, turn and flip. It takes no click, and what
 * it draws is told in words elsewhere.
 */
export class ImageLayer {
  readonly canvas: HTMLCanvasElement;
  private readonly redraw = (): void => this.draw();

  constructor(
    private readonly cell: Cell,
    name: string,
    /** Draws in CSS pixels of the cell's element. */
    private readonly paint: (context: CanvasRenderingContext2D, cell: Cell) => void,
  ) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = `image-layer ${name}`;
    this.canvas.setAttribute("aria-hidden", "true");
    cell.element.append(this.canvas);
    cell.element.addEventListener(Enums.Events.IMAGE_RENDERED, this.redraw);
  }

  remove(): void {
    this.cell.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.redraw);
    this.canvas.remove();
  }

  draw(): void {
    const { clientWidth, clientHeight } = this.cell.element;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.cell.image) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paint(context, this.cell);
  }
}

/** Draws a picture over the whole frame, whatever its own size. */
export function drawOverFrame(context: CanvasRenderingContext2D, cell: Cell, picture: HTMLCanvasElement): void {
  const { rows, columns } = cell.scan;
  const { a, b, c, d, e, f } = cell.frameTransform;
  context.save();
  context.transform(a, b, c, d, e, f);
  // A pixel's centre is a whole number.
  context.drawImage(picture, -0.5, -0.5, columns, rows);
  context.restore();
}

/** A canvas of its own with these RGBA bytes. */
export function pictureOf(pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}
