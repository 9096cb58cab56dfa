import type { HeatTarget } from "../answers/suggestions";
import { t } from "../i18n";
import type { HeatAsked } from "../types";
import type { Cell } from "../viewer/cell";
import type { HeatMap } from "../viewer/heatmap";
import type { Screen } from "../viewer/screen";
import type { ReadingApi } from "./api";
import { pause } from "./http";

const AGAIN_AFTER_MS = 1000;
const MOST_TRIES = 45;
/** A reader who scrolls on wants no map of the frames between. */
const STILL_MS = 250;

/** Fetches the heat map of what is on the screen, and keeps it up to date while it is wanted. */
export class HeatWatch {
  private task: number | null = null;
  private isOn_ = false;
  private shown = "";
  private turn = new AbortController();
  private readonly fetched = new Map<string, Blob>();

  constructor(
    private readonly api: ReadingApi,
    private readonly screen: Screen,
    private readonly map: HeatMap,
    private readonly target: () => HeatTarget | null,
  ) {
    screen.onFrame = () => this.update();
  }

  get isOn(): boolean {
    return this.isOn_;
  }

  /** Off until it is asked for: each case is first seen as it is. */
  open(task: number | null): void {
    this.turn.abort();
    this.task = task;
    this.isOn_ = false;
    this.fetched.clear();
    this.map.lay([]);
  }

  /** Other scans have come onto the screen. */
  hung(): void {
    if (!this.isOn_) return;
    this.shown = "";
    this.map.lay(this.screen.cells);
    this.update();
  }

  toggle(): void {
    if (this.task === null) return;
    this.isOn_ = !this.isOn_;
    this.shown = "";
    this.turn.abort();
    this.map.lay(this.isOn_ ? this.screen.cells : []);
    this.update();
  }

  /** The answer, the frame or the scan in hand may have changed. */
  update(): void {
    const cell = this.screen.active;
    const target = this.isOn_ ? this.target() : null;
    if (this.task === null || !cell?.image || !target) return;
    const scan = this.screen.scans.findIndex(({ id }) => id === cell.scan.id);
    // A plane cut through a volume is no frame of it.
    if (scan < 0) return;
    const asked = { question: target.question, answer: target.answer, scan, frame: cell.shownFrame };
    const key = JSON.stringify(asked);
    if (key === this.shown) return;
    this.shown = key;
    this.turn.abort();
    this.turn = new AbortController();
    void this.fetch(this.task, cell, asked, target, this.turn.signal);
  }

  private async fetch(
    task: number, cell: Cell, asked: HeatAsked, target: HeatTarget, signal: AbortSignal,
  ): Promise<void> {
    const key = JSON.stringify(asked);
    try {
      const grey = this.fetched.get(key) ?? (await this.wait(task, cell, asked, signal));
      if (signal.aborted) return;
      if (!grey) return this.map.say(cell, t("The learner has made no heat map yet. Ask again later."));
      this.fetched.set(key, grey);
      await this.map.show(cell, asked.frame, grey, target.text);
    } catch (error) {
      if (!signal.aborted) this.map.say(cell, error instanceof Error ? error.message : String(error));
    }
  }

  private async wait(task: number, cell: Cell, asked: HeatAsked, signal: AbortSignal): Promise<Blob | null> {
    this.map.say(cell, t("The heat map is being worked out…"));
    await pause(STILL_MS);
    for (let tries = 0; tries < MOST_TRIES && !signal.aborted; tries += 1) {
      const grey = await this.api.explanation(task, asked, signal);
      if (grey) return grey;
      await pause(AGAIN_AFTER_MS);
    }
    return null;
  }
}
