import { type RegionLabel, rgb } from "../labels";
import { type Bounds, widened } from "./bounds";

/** A label map as it is drawn. */
export interface Shown {
  readonly question: string;
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
  readonly bounds: Bounds | null;
  readonly version: number;
  changedSince(version: number): Bounds | null;
}

/** Anatomy is seen through the paint; the outermost pixels of it are seen against anatomy. */
const INSIDE = 96;
const OUTLINE = 230;

/** Colours by segment, as little-endian RGBA words without their alpha. */
export function palette(labels: readonly RegionLabel[]): Uint32Array {
  const words = new Uint32Array(256);
  for (const { segment, colour } of labels) {
    const [red, green, blue] = rgb(colour);
    words[segment] = red | (green << 8) | (blue << 16);
  }
  return words;
}

/**
 * A layer's pixels within some bounds as RGBA words, row-major, with the labels' outlines inside them.
 *
 * @param thick how many pixels wide the outlines are
 */
export function raster(
  { pixels, rows, columns }: Pick<Shown, "pixels" | "rows" | "columns">,
  bounds: Bounds,
  colours: Uint32Array,
  thick: number,
): Uint32Array {
  const width = bounds.right - bounds.left;
  const words = new Uint32Array(width * (bounds.bottom - bounds.top));
  for (let row = bounds.top; row < bounds.bottom; row += 1) {
    for (let column = bounds.left; column < bounds.right; column += 1) {
      const index = row * columns + column;
      const segment = pixels[index] as number;
      if (segment === 0) continue;
      const isOutline =
        column < thick || column >= columns - thick || row < thick || row >= rows - thick ||
        pixels[index - thick] !== segment || pixels[index + thick] !== segment ||
        pixels[index - thick * columns] !== segment || pixels[index + thick * columns] !== segment;
      const word = (colours[segment] as number) | ((isOutline ? OUTLINE : INSIDE) << 24);
      words[(row - bounds.top) * width + column - bounds.left] = word;
    }
  }
  return words;
}

/** A layer drawn on a canvas of the frame's size; what has not changed is not drawn again. */
export class LayerImage {
  readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
  private layer: Shown | null = null;
  private version = -1;
  private thick = 1;
  private drawn: Bounds | null = null;

  constructor(private readonly colours: Uint32Array) {}

  /** Brings the canvas up to date with a layer, with outlines so many pixels wide. */
  show(layer: Shown, thick: number): void {
    const isOther = layer !== this.layer || thick !== this.thick;
    if (!isOther && layer.version === this.version) return;
    const changed = isOther ? null : layer.changedSince(this.version);
    this.fit(layer);
    if (!changed && this.drawn) this.clear(this.drawn);
    this.layer = layer;
    this.version = layer.version;
    this.thick = thick;
    this.drawn = layer.bounds && widened(layer.bounds, thick, layer.rows, layer.columns);
    const wanted = changed ?? layer.bounds;
    if (wanted) this.put(layer, widened(wanted, thick, layer.rows, layer.columns));
  }

  private fit({ rows, columns }: Shown): void {
    if (this.canvas.width === columns && this.canvas.height === rows) return;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.drawn = null;
  }

  private clear({ left, top, right, bottom }: Bounds): void {
    this.context.clearRect(left, top, right - left, bottom - top);
  }

  private put(layer: Shown, bounds: Bounds): void {
    const { left, top, right, bottom } = bounds;
    const image = new ImageData(right - left, bottom - top);
    new Uint32Array(image.data.buffer).set(raster(layer, bounds, this.colours, this.thick));
    this.context.putImageData(image, left, top);
  }
}
