import { Enums } from "@cornerstonejs/core";

import { t } from "../i18n";
import { make } from "../page/dom";
import type { Task } from "../types";
import type { Cell } from "./cell";
import { sliceNumber } from "./order";

/** Beside a volume: where in it the reader is, with a tick at the frame to look at first. */
export class StackTrack {
  private shown: (() => void)[] = [];

  lay(cells: readonly Cell[], { opens_at, scans }: Pick<Task, "opens_at" | "scans">): void {
    this.clear();
    const opened = opens_at && scans[opens_at.scan];
    for (const cell of cells) {
      if (opened && opened.frame_count > 1 && cell.scan.id === opened.id) this.add(cell, opens_at.frame);
    }
  }

  clear(): void {
    for (const remove of this.shown) remove();
    this.shown = [];
  }

  private add(cell: Cell, first: number): void {
    const { scan } = cell;
    const share = (frame: number): string => `${((sliceNumber(scan, frame) - 1) / (scan.frame_count - 1)) * 100}%`;
    const says = t("Look first at slice {number}", { number: sliceNumber(scan, first) });
    const tick = make("span", { class: "stack-first", title: says, "data-part": "look-first" });
    const here = make("span", { class: "stack-here" });
    const track = make("div", { class: "stack-track", role: "img", "aria-label": says }, tick, here);
    const move = (): void => void (here.style.top = share(cell.shownFrame));
    tick.style.top = share(first);
    move();
    cell.element.append(track);
    cell.element.addEventListener(Enums.Events.IMAGE_RENDERED, move);
    this.shown.push(() => {
      cell.element.removeEventListener(Enums.Events.IMAGE_RENDERED, move);
      track.remove();
    });
  }
}
