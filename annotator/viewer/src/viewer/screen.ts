import type { RenderingEngine } from "@cornerstonejs/core";

import { t } from "../i18n";
import type { Scan, Task } from "../types";
import { AsLeft } from "./asleft";
import { Cell } from "./cell";
import { startCornerstone } from "./cornerstone";
import { Crosshairs } from "./crosshairs";
import { CutVolume } from "./cut";
import type { Hung, Layout, Rule } from "./hanging";
import { Linked } from "./linked";
import { breastFlips } from "./mammogram";
import { openingOf, readingOrder } from "./order";
import { Overlay } from "./overlay";
import { Pages } from "./pages";
import { isAcquired, MprPointer } from "./mprpointer";
import { PageTag } from "./pagetag";
import { Toolbox } from "./toolbox";
import { PLANE_TEXT, type PlaneName, planesOf } from "./volume";

const FRAME_TIMEOUT_MS = 3000;

/** The scans of a task as they hang, page by page, and the tools over all of them. */
export class Screen {
  readonly toolbox: Toolbox;
  private readonly engine: RenderingEngine;
  private readonly pages: Pages;
  private readonly linked = new Linked();
  private readonly crosshairs = new Crosshairs();
  private readonly tag: PageTag;
  private cells_: Cell[] = [];
  private overlays: Overlay[] = [];
  private active_ = 0;
  private task: Task | null = null;
  private cut: CutVolume | null = null;
  private isLinked_ = false;
  private readonly asLeft = new AsLeft();
  /** Counts the pages that were asked for. */
  private turn = 0;
  private hanging: Promise<void> = Promise.resolve();
  /** The reader went to another frame. */
  onFrame: () => void = () => undefined;
  /** Other scans have come onto the screen; the task's own marks go on. */
  onHung: () => void = () => undefined;
  /** Says what the reader should know. */
  onSay: (text: string) => void = () => undefined;

  constructor(
    private readonly stage: HTMLElement,
    rules: readonly Rule[],
  ) {
    this.engine = startCornerstone();
    this.toolbox = new Toolbox();
    this.pages = new Pages(rules);
    this.tag = new PageTag(stage);
    new MprPointer(stage, this, this.crosshairs);
    new ResizeObserver(() => this.resize()).observe(stage);
  }

  get cells(): readonly Cell[] {
    return this.cells_;
  }

  /** All of the task's scans, in its order, on the screen or not: the frames' numbers count through them. */
  get scans(): readonly Scan[] {
    return this.task?.scans ?? [];
  }

  /** The cell that keys act on: the one the pointer was on last. */
  get active(): Cell | undefined {
    return this.cells_[this.active_];
  }

  get layout(): Layout {
    return this.pages.page.layout;
  }

  get isLinked(): boolean {
    return this.isLinked_;
  }

  /** Shows a task's scans as they hang; resolves when all of its first page are on the screen. */
  async show(task: Task): Promise<void> {
    this.task = task;
    this.asLeft.clear();
    this.pages.open(task);
    await this.turnPage();
    await this.hanging;
  }

  /** Goes to a frame of a scan, on whichever page it hangs. */
  goTo(scan: Scan, frame: number): void {
    const index = this.cells_.findIndex((cell) => cell.image && cell.scan.id === scan.id);
    if (index >= 0) {
      this.activate(index);
      this.active?.goTo(frame);
    } else if (this.pages.goTo(scan)) {
      this.asLeft.keep(this.cells_);
      this.asLeft.goTo(scan, frame);
      this.turnSoon(scan);
    }
  }

  /** Lays the scans out so, from the one in hand on; null: as the protocol hangs them. */
  lay(layout: Layout | null): void {
    const scan = this.ownScan();
    const planes = layout === "mpr" && scan ? planesOf(scan) : null;
    if (typeof planes === "string") return this.onSay(planes);
    this.asLeft.keep(this.cells_);
    this.pages.lay(layout, scan);
    this.turnSoon(scan);
  }

  /** The cell in hand alone, or all as they were before. */
  toggleOneUp(): void {
    const cell = this.active;
    if (!cell?.image) return;
    this.asLeft.keep(this.cells_);
    const hung = { scan: cell.scan, chestWall: cell.chestWall };
    if (this.pages.toggleOneUp(hung)) this.turnSoon(cell.scan);
  }

  /** The next viewport, and after a page's last the next page. */
  step(by: 1 | -1): void {
    const next = this.active_ + by;
    if (next >= 0 && next < this.cells_.length) return this.activate(next);
    this.asLeft.keep(this.cells_);
    if (!this.pages.step(by)) return;
    const { cells } = this.pages.page;
    this.turnSoon(cells[by > 0 ? 0 : cells.length - 1]?.scan);
  }

  toggleLinked(): void {
    this.isLinked_ = !this.isLinked_;
    this.linked.begin(this.cells_);
    this.onSay(this.isLinked_ ? t("Viewports are linked.") : t("Viewports are no longer linked."));
    this.render();
  }

  activate(index: number): void {
    this.active_ = index;
    this.stage.focus({ preventScroll: true });
    this.markActive();
    this.onFrame();
  }

  render(): void {
    for (const cell of this.cells_) cell.render();
  }

  /** The scan of the cell in hand; of a plane the volume that it is cut through. */
  private ownScan(): Scan | undefined {
    const cell = this.active;
    if (!cell?.image) return undefined;
    return this.scans.find(({ id }) => id === cell.scan.id) ?? this.pages.page.cells[0]?.scan;
  }

  private turnSoon(active?: Scan): void {
    this.turnPage(active).catch((error: Error) => this.onSay(error.message));
  }

  /** Hangs the page in hand, one after the other; of several that wait, the last alone. */
  private turnPage(active?: Scan): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    const hung = this.hanging.then(() => (turn === this.turn ? this.hangPage(active) : undefined));
    this.hanging = hung.catch(() => undefined);
    return hung;
  }

  /** With this scan's cell active. */
  private async hangPage(active?: Scan): Promise<void> {
    const { hung, names } = this.hungNow();
    this.crosshairs.clear();
    this.setCount(hung.length);
    this.linked.forget(this.cells_);
    this.stage.dataset["layout"] = names.length > 0 ? "mpr" : this.layout;
    this.stage.toggleAttribute("data-several", hung.length > 1 || this.pages.isPart);
    this.tag.show(this.pages.number, this.pages.count);
    this.active_ = Math.max(0, hung.findIndex(({ scan }) => scan.id === active?.id));
    this.resize();
    await Promise.all(this.cells_.map((cell, index) => this.fill(cell, index, hung[index] as Hung)));
    if (names.length > 0) this.showPlanes(names);
    this.markActive();
    this.onHung();
  }

  /** What the page in hand hangs; a volume that is shown as MPR is its planes. */
  private hungNow(): { hung: Hung[]; names: PlaneName[] } {
    const { page } = this.pages;
    const [first] = page.cells;
    const planes = page.layout === "mpr" && first ? planesOf(first.scan) : null;
    const isPlane = page.cells.some(({ scan }) => !isAcquired(this.scans, scan));
    if (!isPlane) this.cut?.close();
    if (!isPlane) this.cut = null;
    if (!first || planes === null || typeof planes === "string") return { hung: page.cells, names: [] };
    const others = planes.others.map(({ scan }) => ({ scan, chestWall: null }));
    this.cut = new CutVolume(first.scan, planes.others);
    return { hung: [first, ...others], names: [planes.acquired, ...planes.others.map(({ name }) => name)] };
  }

  private showPlanes(names: readonly PlaneName[]): void {
    const [first] = this.cells_;
    if (!first) return;
    this.cells_.forEach((cell, nth) => {
      cell.greys = first.greys;
      cell.say(PLANE_TEXT[names[nth] as PlaneName]);
    });
    this.crosshairs.lay(this.cells_, names);
    const start = readingOrder(first.scan).indexOf(first.shownFrame);
    void this.cut?.fill(start, () => this.cells_);
  }

  private async fill(cell: Cell, index: number, { scan, chestWall }: Hung): Promise<void> {
    const { task } = this;
    if (!task) return;
    const start = this.asLeft.placeIn(scan) ?? openingOf(task, scan);
    await cell.show(scan, start);
    if (chestWall && cell.samples) cell.hang(breastFlips(scan.geometry, cell.samples.values, chestWall), chestWall);
    this.asLeft.restore(cell);
    cell.element.classList.toggle("is-prior", (scan.prior_days ?? null) !== null);
    cell.element.dataset["scan"] = String(scan.id);
    cell.element.dataset["wall"] = chestWall ?? "";
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FRAME_TIMEOUT_MS);
      cell.onDrawn = () => {
        clearTimeout(timer);
        this.drawn(index);
        resolve();
      };
      cell.render();
    });
  }

  private drawn(index: number): void {
    const cell = this.cells_[index];
    if (!cell) return;
    this.overlays[index]?.update();
    this.crosshairs.drawn(cell);
    if (index === this.active_) {
      const others = this.cells_.filter((other) => other !== cell);
      const isMpr = this.stage.dataset["layout"] === "mpr";
      const isLinked = this.isLinked_ && !isMpr;
      this.linked.drawn(cell, others, { slices: isLinked, view: this.isLinked_, window: this.isLinked_ || isMpr });
    }
    this.onFrame();
  }

  /** As many cells as that; those that are there already are used again. */
  private setCount(count: number): void {
    while (this.cells_.length > count) {
      const cell = this.cells_.pop();
      this.overlays.pop();
      if (!cell) continue;
      this.toolbox.remove(cell);
      cell.destroy();
    }
    while (this.cells_.length < count) this.addCell();
  }

  private addCell(): void {
    const index = this.cells_.length;
    const cell = new Cell(`cell-${index}`, this.engine, this.stage);
    this.cells_.push(cell);
    this.overlays.push(new Overlay(cell));
    this.toolbox.add(cell);
    cell.element.addEventListener("pointerdown", () => this.activate(index), true);
    cell.element.addEventListener("wheel", (event) => this.wheel(event, index), { passive: false });
    cell.element.addEventListener("contextmenu", (event) => event.preventDefault());
    cell.element.addEventListener("dblclick", () => {
      if (this.toolbox.isLooking) this.toggleOneUp();
    });
  }

  private markActive(): void {
    this.cells_.forEach(({ element }, index) => {
      element.classList.toggle("is-active", this.cells_.length > 1 && index === this.active_);
    });
  }

  private wheel(event: WheelEvent, index: number): void {
    event.preventDefault();
    if (index !== this.active_) this.activate(index);
    const cell = this.cells_[index];
    if (!cell?.image || event.deltaY === 0) return;
    if (cell.scan.frame_count > 1 && !event.ctrlKey) cell.scroll(Math.sign(event.deltaY));
    else cell.zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }

  private resize(): void {
    if (this.cells_.length === 0) return;
    this.engine.resize(true, true);
    for (const cell of this.cells_) if (cell.image) cell.resized();
    this.linked.again(this.cells_);
  }
}
