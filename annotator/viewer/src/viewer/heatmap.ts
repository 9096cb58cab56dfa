import { t } from "../i18n";
import { make } from "../page/dom";
import type { Cell } from "./cell";
import { heatColour, paintHeat } from "./colourmap";
import { drawOverFrame, ImageLayer, pictureOf } from "./imagelayer";

const STEP = 0.1;
const LEGEND_STOPS = 8;

/** What is drawn over one frame of one scan. */
interface Heat {
  scan: number;
  frame: number;
  picture: HTMLCanvasElement;
}

/** The model's heat over the scans: where a frame speaks for an answer. */
export class HeatMap {
  private layers: { cell: Cell; layer: ImageLayer }[] = [];
  private readonly legend: HTMLElement;
  private heat: Heat | null = null;
  private opacity_ = 0.6;

  constructor() {
    this.legend = make("div", { class: "heat-legend", role: "status", "data-part": "heat" });
  }

  get opacity(): number {
    return this.opacity_;
  }

  /** Lies over these cells from now on; an empty list takes it away. */
  lay(cells: readonly Cell[]): void {
    for (const { layer } of this.layers) layer.remove();
    this.legend.remove();
    this.heat = null;
    this.layers = cells.map((cell) => ({
      cell,
      layer: new ImageLayer(cell, "heat-layer", (context) => this.paint(context, cell)),
    }));
  }

  /** Says over a cell what is waited for, or what is wrong. */
  say(cell: Cell, text: string): void {
    this.heat = null;
    this.legend.replaceChildren(make("p", {}, text));
    this.showOn(cell);
  }

  /** Shows a grey picture of the frame as heat. */
  async show(cell: Cell, frame: number, grey: Blob, answer: string): Promise<void> {
    const bitmap = await createImageBitmap(grey);
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (!context) return;
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    this.heat = { scan: cell.scan.id, frame, picture: pictureOf(paintHeat(pixels), width, height) };
    this.legend.replaceChildren(
      make("p", {}, t("Model: what speaks for {answer}", { answer })),
      scale(),
      make("p", { class: "heat-opacity" }, this.opacityText()),
    );
    this.showOn(cell);
  }

  fade(direction: 1 | -1): void {
    this.opacity_ = Math.min(1, Math.max(STEP, Math.round((this.opacity_ + direction * STEP) * 10) / 10));
    const text = this.legend.querySelector(".heat-opacity");
    if (text) text.textContent = this.opacityText();
    this.draw();
  }

  private opacityText(): string {
    return t("Opacity {percent} %", { percent: Math.round(this.opacity_ * 100) });
  }

  private showOn(cell: Cell): void {
    cell.element.append(this.legend);
    this.draw();
  }

  private draw(): void {
    for (const { layer } of this.layers) layer.draw();
  }

  private paint(context: CanvasRenderingContext2D, cell: Cell): void {
    const { heat } = this;
    // Another frame has another map: the last one's would lie on the wrong anatomy.
    if (!heat || heat.scan !== cell.scan.id || heat.frame !== cell.shownFrame) return;
    context.globalAlpha = this.opacity_;
    drawOverFrame(context, cell, heat.picture);
  }
}

function scale(): HTMLElement {
  const bar = make("span", { class: "heat-bar", "aria-hidden": "true" });
  const colours = Array.from({ length: LEGEND_STOPS }, (_, stop) => `rgb(${heatColour(stop / (LEGEND_STOPS - 1)).join(" ")})`);
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  return make("p", { class: "heat-scale" }, t("little"), bar, t("much"));
}
