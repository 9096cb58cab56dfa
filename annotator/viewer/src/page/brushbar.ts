import { t } from "../i18n";
import type { Masks } from "../viewer/masks";
import { make } from "./dom";

/**
 * Beside the tools: how large the brush is, and which values the threshold brush takes. Always there,
 * so that the image keeps its place whatever tool is in hand.
 */
export class BrushBar {
  readonly element: HTMLElement;
  private readonly size = make("span", { class: "brush-size", "data-part": "brush-size" });
  private readonly tolerance: HTMLInputElement;
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
    const threshold = make("label", { class: "threshold" }, t("Threshold"), " ± ", this.tolerance, this.unit);
    this.element = make("div", { class: "brush-bar", role: "group", "aria-label": t("Brush") }, this.size, threshold, this.range);
    masks.onTool = () => this.update();
    this.update();
  }

  private update(): void {
    const { brush, units } = this.masks;
    const width = brush.radius * 2;
    const size = width < 10 ? width.toFixed(1) : String(Math.round(width));
    this.size.textContent = t("Brush {size} {unit}", { size, unit: units.length });
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
