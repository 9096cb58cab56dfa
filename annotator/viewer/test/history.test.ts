import { describe, expect, it } from "vitest";

import { History } from "../src/answers/history";
import type { Mark, Mask } from "../src/answers/marks";
import { detailsToWrite, emptySheet, type RegionSheet } from "../src/answers/sheet";

function point(id: string, x = 0): Mark {
  return { id, question: "q", label: "a", item: 0, kind: "point", x, y: 0, width: 1 };
}

function mask(id: string, ...rle: number[]): Mask {
  return { id, question: "m", label: "a", item: 0, rle };
}

function sheet(marks: Mark[], masks: Mask[] = []): RegionSheet {
  return { marks, masks, details: new Map() };
}

describe("the history", () => {
  it("takes steps back and does them again", () => {
    const history = new History(sheet([]));
    history.record(sheet([point("a")]), 1);
    history.record(sheet([point("a"), point("b")]), 2);
    expect(history.undo()?.marks).toEqual([point("a")]);
    expect(history.undo()?.marks).toEqual([]);
    expect(history.undo()).toBeNull();
    expect(history.redo()?.marks).toEqual([point("a")]);
    history.record(sheet([point("a", 5)]), 3);
    expect(history.redo()).toBeNull();
    expect(history.undo()?.marks).toEqual([point("a")]);
  });

  it("takes a whole drag for one step", () => {
    const history = new History(sheet([point("a")]));
    for (const x of [1, 2, 3]) history.record(sheet([point("a", x)]), 4);
    expect(history.undo()?.marks).toEqual([point("a")]);
    expect(history.redo()?.marks).toEqual([point("a", 3)]);
  });

  it("makes no step of what changes nothing", () => {
    const history = new History(sheet([point("a")], [mask("m", 1, 2)]));
    history.record(sheet([point("a")], [mask("m", 1, 2)]), 1);
    expect(history.undo()).toBeNull();
  });

  it("shares what a step does not change", () => {
    const history = new History(sheet([point("a")], [mask("m", 1, 2)]));
    const before = history.present;
    history.record(sheet([point("a"), point("b")], [mask("m", 1, 2)]), 1);
    expect(history.present.masks).toBe(before.masks);
    expect(history.present.marks[0]).toBe(before.marks[0]);
    history.record(sheet([point("a"), point("b")], [mask("m", 1, 3)]), 2);
    expect(history.undo()?.masks).toBe(before.masks);
  });

  it("remembers what was said of a mark", () => {
    const said = emptySheet();
    const history = new History(said);
    detailsToWrite(said, "a").texts.set("note", "spiculated");
    history.record(said, 1);
    detailsToWrite(said, "a").texts.set("note", "smooth");
    history.record(said, 2);
    expect(history.undo()?.details.get("a")?.texts.get("note")).toBe("spiculated");
    expect(history.undo()?.details.size).toBe(0);
  });

  it("goes back no further than it may", () => {
    const history = new History(sheet([]), 3);
    for (let x = 0; x < 10; x += 1) history.record(sheet([point("a", x)]), x);
    const steps = [history.undo(), history.undo(), history.undo(), history.undo()];
    expect(steps.map((step) => (step?.marks[0] as { x: number } | undefined)?.x)).toEqual([8, 7, 6, undefined]);
  });

  it("undone whole and done again whole is the same", () => {
    const history = new History(sheet([]));
    const states: string[] = [JSON.stringify([])];
    for (let step = 1; step < 50; step += 1) {
      const marks = Array.from({ length: (step * 7) % 5 }, (_, at) => point(`${at}`, (step * at) % 3));
      history.record(sheet(marks), step);
      const now = JSON.stringify(marks);
      if (states.at(-1) !== now) states.push(now);
    }
    const last = states.length - 1;
    for (let at = last - 1; at >= 0; at -= 1) expect(JSON.stringify(history.undo()?.marks)).toBe(states[at]);
    for (let at = 1; at <= last; at += 1) expect(JSON.stringify(history.redo()?.marks)).toBe(states[at]);
  });
});
