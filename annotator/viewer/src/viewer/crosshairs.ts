import type { Cell } from "./cell";
import { nearestFrame } from "./linking";
import { framePlane, onElement, pixelToWorld, type Pixel, type Point, worldToPixel } from "./plane";
import { normalOf, type PlaneName } from "./volume";

const SVG = "http://www.w3.org/2000/svg";
/** CSS pixels left free about the point, so that what lies there is seen. */
const GAP = 14;
/** Of the planes, told apart also by those who see few colours. */
const COLOURS: Record<PlaneName, string> = { axial: "#8ab4ff", coronal: "#8fe3a0", sagittal: "#ffb86b" };

interface Shown {
  cell: Cell;
  name: PlaneName;
  picture: SVGSVGElement;
  frame: number;
}

/** The point that the planes through a volume have in common, drawn in each as two lines. */
export class Crosshairs {
  private shown: Shown[] = [];
  private point: Point = [0, 0, 0];

  /** Lies over these cells from now on, about the middle of what the first one shows. */
  lay(cells: readonly Cell[], names: readonly PlaneName[]): void {
    this.clear();
    const [first] = cells;
    if (!first) return;
    const { rows, columns } = first.scan.geometry;
    this.point = worldOf(first, { column: Math.floor(columns / 2), row: Math.floor(rows / 2) });
    this.shown = cells.map((cell, nth) => {
      const picture = document.createElementNS(SVG, "svg");
      picture.setAttribute("class", "crosshairs");
      picture.setAttribute("aria-hidden", "true");
      cell.element.append(picture);
      return { cell, name: names[nth] as PlaneName, picture, frame: cell.shownFrame };
    });
    this.goTo(this.point);
  }

  clear(): void {
    for (const { picture } of this.shown) picture.remove();
    this.shown = [];
  }

  /** Takes the point to a place on a cell, in CSS pixels of it; the other planes follow. */
  jump(cell: Cell, x: number, y: number): void {
    const at = cell.pixelAt(x, y);
    if (at) this.goTo(worldOf(cell, at));
  }

  /** A cell was drawn: where it shows another frame, the point has moved through it. */
  drawn(cell: Cell): void {
    const own = this.shown.find((one) => one.cell === cell);
    if (!own) return;
    if (own.frame !== cell.shownFrame) {
      own.frame = cell.shownFrame;
      this.point = onFrame(cell, this.point);
      for (const one of this.shown) this.draw(one);
    } else this.draw(own);
  }

  private goTo(point: Point): void {
    this.point = point;
    for (const one of this.shown) {
      const frame = nearestFrame(one.cell.scan, point);
      if (frame !== null) {
        one.frame = frame;
        one.cell.goTo(frame);
      }
      this.draw(one);
    }
  }

  private draw({ cell, picture }: Shown): void {
    const transform = cell.frameTransform;
    const plane = framePlane(cell.scan, cell.shownFrame);
    const { x, y } = onElement(transform, worldToPixel(plane, this.point));
    const size = cell.element.clientWidth + cell.element.clientHeight;
    const lines = this.shown.flatMap((other) => {
      const normal = other.cell === cell ? null : normalOf(other.cell.scan);
      if (!normal) return [];
      // The other plane is seen as the line across its normal.
      const along = onElement(transform, worldToPixel(plane, this.point.map((value, axis) => value + (normal[axis] ?? 0))));
      const length = Math.hypot(along.x - x, along.y - y) || 1;
      const way = { x: -(along.y - y) / length, y: (along.x - x) / length };
      return [1, -1].map((side) =>
        line(x + side * GAP * way.x, y + side * GAP * way.y, x + side * size * way.x, y + side * size * way.y, COLOURS[other.name]),
      );
    });
    picture.replaceChildren(...lines);
  }
}

function worldOf(cell: Cell, at: Pixel): Point {
  return pixelToWorld(framePlane(cell.scan, cell.shownFrame), at);
}

/** The point's foot on the frame that a cell shows. */
function onFrame(cell: Cell, point: Point): Point {
  return worldOf(cell, worldToPixel(framePlane(cell.scan, cell.shownFrame), point));
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): SVGLineElement {
  const drawn = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) drawn.setAttribute(name, value.toFixed(1));
  drawn.setAttribute("stroke", colour);
  return drawn;
}
