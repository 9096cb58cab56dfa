import { t } from "../i18n";
import type { Masks } from "../viewer/masks";
import { make } from "./dom";

/**
 * Over the corner of the image while a tool that paints is in hand: how large its brush is, and which
 * values the threshold brush takes. The image keeps its place.
 */
export class BrushBar {
  readonly element: HTMLElement;
  private readonly size = make("span", { class: "brush-size", "data-part": "brush-size" });
  private readonly tolerance: HTMLInputElement;
  private readonly threshold: HTMLElement;
  private readonly range = make("span", { class: "brush-range", "data-part": "brush-range" });
  private readonly unit = make("span");

  /** `done`: the reader has typed and goes back to the image. */
  constructor(private readonly masks: Masks, done: () => void) {
    this.tolerance = make("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      class: "tolerance",
      "aria-label": t("How far a value may lie from the first pixel's"),
      onchange: () => this.enter(),
      onkeydown: (event) => (event as KeyboardEvent).key === "Enter" && done(),
    });
    this.threshold = make(
      "div",
      { class: "threshold" },
      make("label", {}, t("Threshold"), " ± ", this.tolerance, this.unit),
      this.range,
    );
    this.element = make("div", { class: "brush-bar", role: "group", "aria-label": t("Brush") }, this.size, this.threshold);
    masks.onTool = () => this.update();
    this.update();
  }

  private update(): void {
    const { brush, tool, units } = this.masks;
    // What is outlined by clicks has no brush.
    this.element.hidden = tool === null || tool === "segment";
    this.threshold.hidden = tool !== "threshold";
    const width = brush.radius * 2;
    const size = width < 10 ? width.toFixed(1) : String(Math.round(width));
    const held = { size, unit: units.length };
    this.size.textContent = tool === "eraser" ? t("Eraser {size} {unit}", held) : t("Brush {size} {unit}", held);
    if (document.activeElement !== this.tolerance) this.tolerance.value = String(brush.tolerance);
    this.unit.textContent = units.value;
    const ends = brush.range?.map((value) => String(Number(value.toPrecision(6))));
    this.range.textContent = ends ? t("{low} to {high}", { low: ends[0] ?? "", high: ends[1] ?? "" }) : "";
  }

  /** What is no number is put back. */
  private enter(): void {
    const tolerance = Number(this.tolerance.value.replace(",", "."));
    if (this.tolerance.value.trim() !== "" && tolerance >= 0) this.masks.brush.tolerance = tolerance;
    else this.tolerance.value = String(this.masks.brush.tolerance);
  }
}
