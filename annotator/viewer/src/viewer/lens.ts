import { Enums } from "@cornerstonejs/core";

import type { Cell } from "./cell";
import { onElement, type Pixel } from "./plane";

/** CSS pixels across. */
const SIZE = 260;
const MAGNIFICATION = 2.5;

interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A magnifying glass under the pointer: the frame's own pixels, windowed as on the screen. */
export class Lens {
  private readonly glass = document.createElement("canvas");
  private readonly pixels = document.createElement("canvas");
  private pointer: { x: number; y: number } | null = null;
  private isOn_ = false;

  constructor(
    stage: HTMLElement,
    private readonly cells: () => readonly Cell[],
  ) {
    this.glass.className = "lens";
    this.glass.hidden = true;
    stage.addEventListener("pointermove", (event) => this.follow(event));
    stage.addEventListener("pointerleave", () => this.follow(null));
    // Cornerstone's events do not bubble; on their way down they pass the stage.
    stage.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.draw(), true);
  }

  get isOn(): boolean {
    return this.isOn_;
  }

  toggle(): void {
    this.isOn_ = !this.isOn_;
    this.draw();
  }

  private follow(event: PointerEvent | null): void {
    this.pointer = event && { x: event.clientX, y: event.clientY };
    this.draw();
  }

  private draw(): void {
    const cell = this.isOn_ && this.pointer ? this.under(this.pointer) : undefined;
    this.glass.hidden = !cell;
    if (!cell || !this.pointer) return;
    const { left, top } = cell.element.getBoundingClientRect();
    const x = this.pointer.x - left;
    const y = this.pointer.y - top;
    this.glass.style.translate = `${x - SIZE / 2}px ${y - SIZE / 2}px`;
    if (this.glass.parentElement !== cell.element) cell.element.append(this.glass);
    this.paint(cell, x, y);
  }

  private under({ x, y }: { x: number; y: number }): Cell | undefined {
    return this.cells().find((cell) => {
      const { left, right, top, bottom } = cell.element.getBoundingClientRect();
      return cell.image && x >= left && x < right && y >= top && y < bottom;
    });
  }

  private paint(cell: Cell, x: number, y: number): void {
    const density = window.devicePixelRatio;
    const size = Math.round(SIZE * density);
    if (this.glass.width !== size) this.glass.width = this.glass.height = size;
    const context = this.glass.getContext("2d");
    const area = this.area(cell, x, y);
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, size, size);
    if (!area) return;
    this.pixels.width = area.width;
    this.pixels.height = area.height;
    this.pixels.getContext("2d")?.putImageData(shownPixels(cell, area), 0, 0);
    const scale = MAGNIFICATION * density;
    const transform = cell.frameTransform;
    // A pixel's centre is a whole number, its upper left corner half a pixel before it.
    const start = onElement(transform, { column: area.left - 0.5, row: area.top - 0.5 });
    context.setTransform(
      transform.a * scale,
      transform.b * scale,
      transform.c * scale,
      transform.d * scale,
      (start.x - x) * scale + size / 2,
      (start.y - y) * scale + size / 2,
    );
    context.imageSmoothingEnabled = cell.isSmooth;
    context.drawImage(this.pixels, 0, 0);
  }

  /** The pixels that the lens can show, whole ones, with one more at each edge; null for none. */
  private area(cell: Cell, x: number, y: number): Area | null {
    const reach = SIZE / 2 / MAGNIFICATION;
    const corners: Pixel[] = [-reach, reach].flatMap((dx) =>
      [-reach, reach].map((dy) => cell.framePoint(x + dx, y + dy)),
    );
    const { rows, columns } = cell.scan.geometry;
    const [left, right] = ends(corners.map(({ column }) => column), columns);
    const [top, bottom] = ends(corners.map(({ row }) => row), rows);
    return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : null;
  }
}

function ends(places: number[], size: number): [first: number, end: number] {
  return [Math.max(0, Math.floor(Math.min(...places)) - 1), Math.min(size, Math.ceil(Math.max(...places)) + 2)];
}

/** A part of the frame in the greys or colours of the screen. */
function shownPixels(cell: Cell, { left, top, width, height }: Area): ImageData {
  const shown = new ImageData(width, height);
  const values = cell.image?.getPixelData();
  const { columns, samples } = cell.scan.geometry;
  const { lower, upper } = cell.range;
  const scale = 255 / (upper - lower);
  const flip = cell.inverted ? 255 : 0;
  for (let row = 0, at = 0; values && row < height; row += 1) {
    let from = ((top + row) * columns + left) * samples;
    for (let column = 0; column < width; column += 1, at += 4, from += samples) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = values[samples === 1 ? from : from + channel] as number;
        // The array clamps and rounds.
        shown.data[at + channel] = Math.abs(flip - Math.min(255, Math.max(0, (value - lower) * scale)));
      }
      shown.data[at + 3] = 255;
    }
  }
  return shown;
}
