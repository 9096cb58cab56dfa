import { t } from "../i18n";
import type { Cell } from "./cell";
import { sliceNumber } from "./order";
import { edgeMarkers } from "./orientation";
import { scaleBarLength, scaleBarText } from "./scalebar";
import { CT_PRESETS, windowText } from "./windows";

const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
const EDGES = ["left", "right", "top", "bottom"] as const;
const SIDES: Record<string, string> = { L: t("Left"), R: t("Right"), B: t("Both sides"), U: "" };

type Place = (typeof CORNERS)[number] | (typeof EDGES)[number];

/** The text over one scan. It never takes a click: the image below does. */
export class Overlay {
  private readonly places = new Map<Place, HTMLElement>();
  private readonly bar: HTMLElement;
  private readonly barText: HTMLElement;
  private pointer: { x: number; y: number } | null = null;

  constructor(private readonly cell: Cell) {
    const root = document.createElement("div");
    root.className = "overlay";
    root.setAttribute("aria-hidden", "true");
    for (const place of [...CORNERS, ...EDGES]) {
      const part = document.createElement("div");
      part.className = `overlay-part ${place}`;
      root.append(part);
      this.places.set(place, part);
    }
    this.bar = document.createElement("div");
    this.bar.className = "scale-bar";
    this.barText = document.createElement("span");
    this.bar.append(this.barText);
    root.append(this.bar);
    cell.element.append(root);
    cell.element.addEventListener("mousemove", (event) => this.follow(event));
    cell.element.addEventListener("mouseleave", () => this.leave());
  }

  update(): void {
    const { scan } = this.cell;
    const { geometry, frame_count } = scan;
    const markers = edgeMarkers(geometry.orientation);
    for (const edge of EDGES) this.say(edge, [markers?.[edge] ?? ""]);
    this.say("top-left", [
      [geometry.modality, geometry.body_part].filter(Boolean).join("  "),
      [SIDES[geometry.laterality] ?? geometry.laterality, geometry.view].filter(Boolean).join("  "),
    ]);
    this.say("top-right", [frame_count > 1 ? `${sliceNumber(scan, this.cell.shownFrame)} / ${frame_count}` : ""]);
    this.say("bottom-left", [this.windowLine(), t("Zoom {percent} %", { percent: Math.round(this.cell.zoom * 100) })]);
    this.say("bottom-right", [this.valueLine(), this.spacingNote()]);
    this.drawBar();
  }

  private windowLine(): string {
    const { geometry } = this.cell.scan;
    if (geometry.samples === 3) return t("Colour");
    const window = this.cell.window;
    const preset =
      geometry.modality === "CT"
        ? CT_PRESETS.find(({ center, width }) => center === window.center && width === window.width)
        : undefined;
    const inverted = this.cell.inverted === geometry.inverted ? "" : t("Inverted");
    return [windowText(window), preset?.name ?? "", inverted].filter(Boolean).join("  ");
  }

  private valueLine(): string {
    const at = this.pointer ? this.cell.pixelAt(this.pointer.x, this.pointer.y) : null;
    if (!at) return "";
    const values = this.cell.valueAt(at.column, at.row);
    const { units } = this.cell.scan.geometry;
    const text = values.map((value) => String(Math.round(value * 1000) / 1000)).join(" ");
    return `${Math.round(at.column)}, ${Math.round(at.row)}   ${text}${units ? ` ${units}` : ""}`;
  }

  private drawBar(): void {
    const { spacing } = this.cell.scan.geometry;
    this.bar.hidden = spacing === null;
    if (!spacing) return;
    const perPixel = this.cell.worldPerPixel;
    const length = scaleBarLength(this.cell.element.clientWidth * 0.2 * perPixel);
    this.bar.style.width = `${length / perPixel}px`;
    this.barText.textContent = scaleBarText(length);
  }

  private follow(event: MouseEvent): void {
    const { left, top } = this.cell.element.getBoundingClientRect();
    this.pointer = { x: event.clientX - left, y: event.clientY - top };
    if (this.cell.image) this.say("bottom-right", [this.valueLine(), this.spacingNote()]);
  }

  private leave(): void {
    this.pointer = null;
    if (this.cell.image) this.say("bottom-right", ["", this.spacingNote()]);
  }

  private spacingNote(): string {
    return this.cell.scan.geometry.spacing ? "" : t("No pixel spacing");
  }

  private say(place: Place, lines: string[]): void {
    const part = this.places.get(place);
    const text = lines.filter(Boolean).join("\n");
    if (part && part.textContent !== text) part.textContent = text;
  }
}
