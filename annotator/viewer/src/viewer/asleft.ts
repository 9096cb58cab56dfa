import type { Scan } from "../types";
import type { Cell } from "./cell";
import type { Greys } from "./framestack";
import { readingOrder } from "./order";

/** How the reader left each scan of a task, by its number: kept while other pages are shown. */
export class AsLeft {
  private readonly places = new Map<number, number>();
  private readonly greys = new Map<number, Greys>();

  clear(): void {
    this.places.clear();
    this.greys.clear();
  }

  keep(cells: readonly Cell[]): void {
    for (const { scan, shownFrame, greys } of cells.filter(({ isShown }) => isShown)) {
      this.goTo(scan, shownFrame);
      this.greys.set(scan.id, greys);
    }
  }

  /** The scan opens at this frame. */
  goTo(scan: Scan, frame: number): void {
    this.places.set(scan.id, readingOrder(scan).indexOf(frame));
  }

  /** Where the reader was, in the order of reading. */
  placeIn({ id }: Scan): number | undefined {
    return this.places.get(id);
  }

  /** Shows what the cell has come to show as it was left. */
  restore(cell: Cell): void {
    const greys = this.greys.get(cell.scan.id);
    if (greys) cell.greys = greys;
  }
}
