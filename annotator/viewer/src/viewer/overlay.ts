import { t } from "../i18n";
import { edgeMarkers } from "./orientation";
import { priorText } from "./prior";
import { scaleBarLength, scaleBarText, spacingNote } from "./scalebar";
import { techniqueLines } from "./technique";
import { turnText } from "./turn";
import type { View } from "./view";
import { windowName, windowText } from "./windows";

const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
const EDGES = ["left", "right", "top", "bottom"] as const;
const SIDES: Record<string, string> = { L: t("Left"), R: t("Right"), B: t("Both sides"), U: "" };

type Place = (typeof CORNERS)[number] | (typeof EDGES)[number];

const joined = (...parts: string[]): string => parts.filter(Boolean).join("  ");

/** The text over one scan. It never takes a click: the image below does. */
export class Overlay {
  private readonly places = new Map<Place, HTMLElement>();
  private readonly note: HTMLElement;
  private readonly value: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly barText: HTMLElement;
  private pointer: { x: number; y: number } | null = null;

  constructor(private readonly view: View) {
    const root = part("div", "overlay");
    root.setAttribute("aria-hidden", "true");
    for (const place of [...CORNERS, ...EDGES]) {
      const corner = part("div", `overlay-part ${place}`);
      root.append(corner);
      this.places.set(place, corner);
    }
    this.value = part("span", "pixel-value");
    this.note = part("span", "spacing-note");
    this.places.get("bottom-right")?.append(this.value, this.note);
    this.bar = part("div", "scale-bar");
    this.barText = part("span", "");
    this.bar.append(this.barText);
    root.append(this.bar);
    view.element.append(root);
    view.element.addEventListener("pointermove", (event) => this.follow(event));
    view.element.addEventListener("pointerleave", () => this.leave());
  }

  /** Reads the sizes first and writes afterwards, so that the page is laid out once a drawing. */
  update(): void {
    const { scan, directions, slice, location } = this.view;
    const { geometry } = scan;
    const zoom = t("Zoom {percent} %", { percent: Math.round(this.view.zoom * 100) });
    const reading = this.readingText();
    this.drawBar();
    const markers = edgeMarkers(geometry, directions.right, directions.down);
    for (const edge of EDGES) this.say(edge, [markers?.[edge] ?? ""]);
    this.say("top-left", [
      (scan.prior_days ?? null) === null ? "" : priorText(scan.prior_days as number),
      joined(geometry.modality, geometry.body_part),
      joined(SIDES[geometry.laterality] ?? geometry.laterality, geometry.view),
      ...techniqueLines(geometry, location),
    ]);
    this.say("top-right", [slice.count > 1 ? `${slice.number} / ${slice.count}` : "", this.view.remark]);
    this.say("bottom-left", [this.windowLine(), joined(zoom, turnText(this.view.turn))]);
    write(this.value, reading);
    write(this.note, spacingNote(geometry));
    this.note.classList.toggle("is-warning", geometry.spacing === null);
  }

  private windowLine(): string {
    const { geometry } = this.view.scan;
    const inverted = this.view.inverted === geometry.inverted ? "" : t("Inverted");
    if (geometry.samples === 3) return joined(t("Colour"), inverted);
    const { window } = this.view;
    return joined(windowText(window), windowName(geometry, window), inverted);
  }

  private readingText(): string {
    const reading = this.pointer ? this.view.read(this.pointer.x, this.pointer.y) : null;
    if (!reading) return "";
    const { units } = this.view.scan.geometry;
    const values = reading.values.map((value) => String(Math.round(value * 1000) / 1000)).join(" ");
    return `${reading.place}   ${values}${units ? ` ${units}` : ""}`;
  }

  private drawBar(): void {
    const isKnown = this.view.scan.geometry.spacing !== null;
    const perPixel = this.view.worldPerPixel;
    const length = scaleBarLength(this.view.element.clientWidth * 0.2 * perPixel);
    const width = `${(length / perPixel).toFixed(1)}px`;
    if (this.bar.hidden === isKnown) this.bar.hidden = !isKnown;
    if (this.bar.style.width !== width) this.bar.style.width = width;
    write(this.barText, scaleBarText(length));
  }

  private follow(event: PointerEvent): void {
    const { left, top } = this.view.element.getBoundingClientRect();
    this.pointer = { x: event.clientX - left, y: event.clientY - top };
    if (this.view.isShown) write(this.value, this.readingText());
  }

  private leave(): void {
    this.pointer = null;
    write(this.value, "");
  }

  private say(place: Place, lines: string[]): void {
    const corner = this.places.get(place);
    if (corner) write(corner, lines.filter(Boolean).join("\n"));
  }
}

function part(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

/** Leaves what is there already: writing the same text again would lay the page out anew. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
