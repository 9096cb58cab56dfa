import type { Scan, Task } from "../types";
import { arrange, hang, type Hung, type Layout, type Page, type Rule } from "./hanging";

const NOTHING: Page = { layout: "1x1", cells: [] };

/** Which page of a task is on the screen, and how its scans are laid out. */
export class Pages {
  private hung: Page[] = [];
  private pages: Page[] = [];
  private at = 0;
  /** What was on the screen before one scan was looked at alone. */
  private before: { pages: Page[]; at: number } | null = null;

  constructor(private readonly rules: readonly Rule[]) {}

  get page(): Page {
    return this.pages[this.at] ?? NOTHING;
  }

  get count(): number {
    return this.pages.length;
  }

  /** From 1. */
  get number(): number {
    return this.at + 1;
  }

  /** There is more than this page, or was before it. */
  get isPart(): boolean {
    return this.count > 1 || this.before !== null;
  }

  open({ scans }: Pick<Task, "scans">): void {
    this.hung = hang(scans, this.rules);
    this.lay(null, undefined);
  }

  /** Lays all scans out so; null: as the protocol hangs them. Shows the page with this scan. */
  lay(layout: Layout | null, scan: Scan | undefined): void {
    this.before = null;
    const all = this.hung.flatMap(({ cells }) => cells);
    this.pages = layout ? arrange(all, layout) : this.hung;
    this.at = scan ? this.find(scan) : 0;
  }

  /** One scan alone, and back; false where it is alone in any case. */
  toggleOneUp(hung: Hung): boolean {
    if (this.before) {
      const { pages, at } = this.before;
      this.before = null;
      [this.pages, this.at] = [pages, at];
      return true;
    }
    if (this.page.layout === "1x1" && this.page.cells.length === 1) return false;
    this.before = { pages: this.pages, at: this.at };
    const all = this.hung.flatMap(({ cells }) => cells);
    // A plane through a volume is no scan of the task: it is looked at and left again.
    const isPlane = !all.some(({ scan }) => scan.id === hung.scan.id);
    this.pages = arrange(isPlane ? [hung] : all, "1x1");
    this.at = this.find(hung.scan);
    return true;
  }

  /** The next page or the one before; false where there is none. */
  step(by: 1 | -1): boolean {
    const next = this.at + by;
    if (next < 0 || next >= this.pages.length) return false;
    this.at = next;
    return true;
  }

  /** The page that this scan hangs on; false where it hangs on none. */
  goTo(scan: Scan): boolean {
    if (!this.pages.some((page) => holds(page, scan))) this.lay(null, scan);
    this.at = this.find(scan);
    return holds(this.page, scan);
  }

  private find(scan: Scan): number {
    return Math.max(0, this.pages.findIndex((page) => holds(page, scan)));
  }
}

function holds({ cells }: Page, { id }: Scan): boolean {
  return cells.some(({ scan }) => scan.id === id);
}
