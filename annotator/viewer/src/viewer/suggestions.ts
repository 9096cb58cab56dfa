import { decodeMask } from "../answers/rle";
import { locate } from "../answers/sheet";
import { percent, type Suggestion } from "../answers/suggestions";
import type { Scan } from "../types";
import type { Cell } from "./cell";
import { drawOverFrame, ImageLayer, pictureOf } from "./imagelayer";
import { outlineOf } from "./outline";
import { type RegionLabel, rgb } from "./labels";
import type { Pixel } from "./plane";

const DASHES = [7, 5];
const LINE = 1.5;
const LINE_IN_HAND = 2.5;
/** Of 255: fainter than what is painted, so that the two are told apart. */
const FILL = 28;
const EDGE = 220;
/** An edge is this share of the frame's columns wide, and its dashes so many times as long. */
const EDGE_SHARE = 1 / 400;
const DASH = 5;
const FONT = "13px system-ui, sans-serif";
const TEXT_HEIGHT = 18;

/** The marks that models propose, dashed until they are accepted. */
export class Suggestions {
  private layers: ImageLayer[] = [];
  private scans: readonly Scan[] = [];
  private shown: readonly Suggestion[] = [];
  private inHand: Suggestion | null = null;
  private readonly ghosts = new Map<string, HTMLCanvasElement>();
  private readonly outlines = new Map<string, Pixel[]>();

  constructor(private readonly labels: readonly RegionLabel[]) {}

  /** Lies over these cells from now on; an empty list takes it away. */
  lay(cells: readonly Cell[], scans: readonly Scan[]): void {
    for (const layer of this.layers) layer.remove();
    this.ghosts.clear();
    this.outlines.clear();
    this.shown = [];
    this.scans = scans;
    this.layers = cells.map((cell) => new ImageLayer(cell, "suggestion-layer", (context) => this.paint(context, cell)));
  }

  show(suggestions: readonly Suggestion[], inHand: Suggestion | null): void {
    this.shown = suggestions;
    this.inHand = inHand;
    for (const layer of this.layers) layer.draw();
  }

  private paint(context: CanvasRenderingContext2D, cell: Cell): void {
    for (const suggestion of this.shown) {
      const place = locate(this.scans, suggestion.item);
      const isHere = place?.scan.id === cell.scan.id && place.frame === cell.shownFrame;
      if (isHere) this.draw(context, cell, suggestion);
    }
  }

  private draw(context: CanvasRenderingContext2D, cell: Cell, suggestion: Suggestion): void {
    const { colour, text } = this.labelOf(suggestion);
    const isInHand = suggestion.id === this.inHand?.id;
    const ghost = this.ghost(suggestion, cell, colour);
    if (ghost) drawOverFrame(context, cell, ghost);
    const outline = this.outlines.get(suggestion.id) ?? outlineOf(suggestion.entry, cell.scan);
    this.outlines.set(suggestion.id, outline);
    const { a, b, c, d, e, f } = cell.frameTransform;
    const points = outline.map(({ column, row }) => [a * column + c * row + e, b * column + d * row + f] as const);
    context.strokeStyle = colour;
    context.lineWidth = isInHand ? LINE_IN_HAND : LINE;
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    context.setLineDash(DASHES);
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    if (!ghost) context.stroke();
    const chance = suggestion.probability === null ? "" : ` ${percent(suggestion.probability)}`;
    if (points.length > 0) write(context, `${text}${chance} ?`, colour, points);
  }

  private labelOf({ question, label }: Suggestion): { colour: string; text: string } {
    const known = this.labels.find((other) => other.question === question && other.value === label);
    return known ?? { colour: "#ffffff", text: label };
  }

  /** A mask as hatched pixels; null for what is no mask. */
  private ghost({ id, entry }: Suggestion, { scan }: Cell, colour: string): HTMLCanvasElement | null {
    if (entry.type !== "brushlabels") return null;
    const known = this.ghosts.get(id);
    if (known) return known;
    const mask = decodeMask(entry.value["rle"] as number[]);
    if (mask.length !== scan.rows * scan.columns) return null;
    const ghost = pictureOf(ghostPixels(mask, scan.columns, rgb(colour)), scan.columns, scan.rows);
    this.ghosts.set(id, ghost);
    return ghost;
  }
}

/** A faint mask with a dashed edge, as RGBA bytes. */
function ghostPixels(mask: Uint8Array, columns: number, colour: readonly number[]): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(mask.length * 4);
  const edge = Math.max(1, Math.round(columns * EDGE_SHARE));
  const isSet = (at: number): boolean => mask[at] === 1;
  for (let at = 0; at < mask.length; at += 1) {
    if (!isSet(at)) continue;
    const [column, row] = [at % columns, Math.floor(at / columns)];
    const isInside =
      column >= edge && column < columns - edge && isSet(at - edge) && isSet(at + edge) &&
      isSet(at - edge * columns) && isSet(at + edge * columns);
    const isDash = (column + row) % (2 * DASH * edge) < DASH * edge;
    pixels.set([...colour, isInside || !isDash ? FILL : EDGE], 4 * at);
  }
  return pixels;
}

/** Writes above the topmost corner, on dark, so that it is read on bone and on air alike. */
function write(
  context: CanvasRenderingContext2D,
  text: string,
  colour: string,
  points: readonly (readonly [number, number])[],
): void {
  const x = Math.min(...points.map(([left]) => left));
  const y = Math.max(TEXT_HEIGHT, Math.min(...points.map(([, top]) => top)) - 4);
  context.font = FONT;
  context.shadowBlur = 0;
  context.fillStyle = "rgb(0 0 0 / 0.7)";
  context.fillRect(x - 3, y - TEXT_HEIGHT + 4, context.measureText(text).width + 6, TEXT_HEIGHT);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
