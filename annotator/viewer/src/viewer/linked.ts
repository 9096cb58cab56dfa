import type { Cell } from "./cell";
import { linkedFrame, linkedWindow, type Sight } from "./linking";
import type { Window } from "./windows";

const LEAST_ZOOM = 1e-4;
const LEAST_MOVE = 0.5;

/** What the other cells follow of the one in hand. */
interface Links {
  slices: boolean;
  view: boolean;
  window: boolean;
}

/** Lets the cells follow what the reader does in one of them, whichever tool or key does it. */
export class Linked {
  private readonly seen = new WeakMap<Cell, Sight>();

  /** What the cells show now is what later changes are told from. */
  begin(cells: readonly Cell[]): void {
    for (const cell of cells) if (cell.image) this.seen.set(cell, cell.sight);
  }

  /** The cells have been laid out anew, which is nothing that others follow. */
  again(cells: readonly Cell[]): void {
    this.begin(cells.filter((cell) => this.seen.has(cell)));
  }

  /** Other scans come: what they first show is what later changes are told from. */
  forget(cells: readonly Cell[]): void {
    for (const cell of cells) this.seen.delete(cell);
  }

  /** A cell was drawn; the one in hand takes the others along. */
  drawn(cell: Cell, others: readonly Cell[], links: Links): void {
    const before = this.seen.get(cell);
    const now = cell.sight;
    this.seen.set(cell, now);
    if (!before) return;
    for (const other of others) {
      if (!other.image) continue;
      if (links.slices && now.frame !== before.frame) other.goTo(linkedFrame(cell.scan, now.frame, other.scan));
      if (links.view) follow(other, before, now, cell.chestWall !== other.chestWall);
      if (links.window && differs(before.window, now.window)) {
        other.setWindow(linkedWindow(before.window, now.window, other.window, areSame(cell, other)));
      }
      this.seen.set(other, other.sight);
    }
  }
}

function follow(cell: Cell, before: Sight, now: Sight, isMirrored: boolean): void {
  const zoom = before.scale / now.scale;
  if (Math.abs(zoom - 1) > LEAST_ZOOM) cell.zoomBy(zoom);
  const x = now.offset.x - before.offset.x * zoom;
  const y = now.offset.y - before.offset.y * zoom;
  if (Math.hypot(x, y) > LEAST_MOVE) cell.moveBy(isMirrored ? -x : x, y);
}

function areSame({ scan }: Cell, { scan: other }: Cell): boolean {
  return scan.geometry.units === "HU" ? other.geometry.units === "HU" : scan.frame_url === other.frame_url;
}

const differs = (a: Window, b: Window): boolean => a.center !== b.center || a.width !== b.width;
