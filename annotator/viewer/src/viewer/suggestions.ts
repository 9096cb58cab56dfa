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
const FILL = 70;
/** Every so many pixels of a mask along a diagonal are drawn: a ghost, not a painted mask. */
const HATCH = 4;
const FONT = "13px system-ui, sans-serif";

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
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = isInHand ? LINE_IN_HAND : LINE;
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    context.setLineDash(DASHES);
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    context.stroke();
    const chance = suggestion.probability === null ? "" : ` ${percent(suggestion.probability)}`;
    const x = Math.min(...points.map(([left]) => left));
    const y = Math.min(...points.map(([, top]) => top));
    context.font = FONT;
    if (points.length > 0) context.fillText(`${text}${chance} ?`, x, Math.max(14, y - 6));
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
    const pixels = new Uint8ClampedArray(mask.length * 4);
    const [red, green, blue] = rgb(colour);
    for (let at = 0; at < mask.length; at += 1) {
      const isHatched = ((at % scan.columns) + Math.floor(at / scan.columns)) % HATCH < HATCH / 2;
      if (mask[at]) pixels.set([red, green, blue, isHatched ? 2 * FILL : FILL], 4 * at);
    }
    const ghost = pictureOf(pixels, scan.columns, scan.rows);
    this.ghosts.set(id, ghost);
    return ghost;
  }
}
