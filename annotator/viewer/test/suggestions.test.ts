import { describe, expect, it } from "vitest";

import { emptySheet } from "../src/answers/sheet";
import {
  asMarks, heatTarget, optionProbabilities, percent, spoken, suggestionsOf,
} from "../src/answers/suggestions";
import type { ModelEntry, Question, Scan } from "../src/types";
import { heatColour, paintHeat } from "../src/viewer/colourmap";
import { outlineOf } from "../src/viewer/outline";

const FINDING: Question = {
  name: "finding", to_name: "image", kind: "single", required: true,
  options: [{ value: "Normal" }, { value: "Pneumothorax", alias: "ptx" }],
};
const SIZE: Question = { name: "size", to_name: "image", kind: "number", required: false, options: [], title: "Size in mm" };
const LESIONS: Question = {
  name: "lesions", to_name: "image", kind: "boxes", required: false, options: [{ value: "Lesion" }],
};
const QUESTIONS = [SIZE, FINDING, LESIONS];

const CHOICE: ModelEntry = {
  id: "4-0", from_name: "finding", to_name: "image", type: "choices", value: { choices: ["ptx"] },
  score: 0.83, meta: { probabilities: { Normal: 0.17, ptx: 0.83 } }, model_version: "Scout round 3, ranking 41",
};
const BOX: ModelEntry = {
  id: "9-1", from_name: "lesions", to_name: "image", type: "rectanglelabels", item_index: 7, score: 0.4,
  value: { x: 10, y: 20, width: 30, height: 40, rotation: 0, rectanglelabels: ["Lesion"] }, model_version: "boxnet",
};

describe("what models say", () => {
  it("tells suggested marks from answers, and leaves out what is not asked", () => {
    const stranger = { ...BOX, from_name: "gone" };
    expect(suggestionsOf([CHOICE, BOX, stranger], QUESTIONS)).toEqual([
      { id: "9-1", question: "lesions", label: "Lesion", item: 7, probability: 0.4, model: "boxnet", entry: BOX },
    ]);
  });

  it("becomes marks of the answer when it is accepted, without what only a model says", () => {
    const { marks, masks } = asMarks(suggestionsOf([BOX, { ...BOX, id: "9-2" }], QUESTIONS), QUESTIONS);
    expect([marks.map(({ id }) => id), masks]).toEqual([["9-1", "9-2"], []]);
    expect(marks[0]).toEqual({
      id: "9-1", kind: "box", question: "lesions", label: "Lesion", item: 7,
      x: 10, y: 20, width: 30, height: 40, rotation: 0,
    });
  });

  it("gives every option its probability, or the chosen one its score", () => {
    expect([...(optionProbabilities([CHOICE], FINDING) ?? [])]).toEqual([["Normal", 0.17], ["ptx", 0.83]]);
    const plain = { ...CHOICE, meta: {} };
    expect([...(optionProbabilities([plain], FINDING) ?? [])]).toEqual([["ptx", 0.83]]);
    expect(optionProbabilities([BOX], FINDING)).toBeNull();
  });

  it("is said in the words of the options", () => {
    expect(spoken([CHOICE], FINDING)).toBe("Pneumothorax 83 %");
    const number = { ...CHOICE, from_name: "size", type: "number", value: { number: 12.5 } };
    expect(spoken([number], SIZE)).toBe("12.5");
    expect(spoken([{ ...number, meta: { deviation: 4.6 } }], SIZE)).toBe("12.5 ± 4.6");
    expect(spoken([], SIZE)).toBe("");
  });

  it("is never certain", () => {
    expect([0.999, 0.994, 0.5, 0.004, 0].map(percent)).toEqual(["> 99 %", "99 %", "50 %", "< 1 %", "< 1 %"]);
  });
});

describe("the answer that a heat map explains", () => {
  it("is the reader's own, where there is one", () => {
    const sheet = emptySheet();
    sheet.choices.set("finding", ["Normal"]);
    expect(heatTarget([CHOICE], sheet, QUESTIONS)).toEqual({ question: "finding", answer: "Normal", text: "Normal" });
  });

  it("is else what the model finds likeliest", () => {
    expect(heatTarget([CHOICE], emptySheet(), QUESTIONS)).toEqual({ question: "finding", answer: "ptx", text: "Pneumothorax" });
  });

  it("is else that of the first question that is learned", () => {
    expect(heatTarget([], emptySheet(), QUESTIONS)).toEqual({ question: "size", answer: "", text: "Size in mm" });
    expect(heatTarget([], emptySheet(), [LESIONS])).toBeNull();
  });
});

describe("the colours of heat", () => {
  /** Lightness L* of an sRGB colour (CIE 1976). */
  function lightness(colour: readonly number[]): number {
    const [red, green, blue] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return 116 * Math.cbrt(Math.max(luminance, 0.008856)) - 16;
  }

  it("rise in lightness by even steps", () => {
    const steps = Array.from({ length: 21 }, (_, step) => lightness(heatColour(step / 20)));
    const rises = steps.slice(3).map((value, step) => value - (steps[step + 2] ?? 0));
    expect(Math.min(...rises)).toBeGreaterThan(3.5);
    expect(Math.max(...rises)).toBeLessThan(6.5);
  });

  it("leave the anatomy as it is where there is no heat", () => {
    const painted = paintHeat(new Uint8ClampedArray([0, 0, 0, 255, 255, 255, 255, 255]));
    expect([...painted]).toEqual([0, 0, 4, 0, 252, 255, 164, 255]);
  });
});

describe("the outline of a suggestion", () => {
  const scan = { rows: 100, columns: 200 } as Scan;

  it("is in pixels whose centres are whole numbers", () => {
    expect(outlineOf(BOX, scan)).toEqual([
      { column: 19.5, row: 19.5 }, { column: 79.5, row: 19.5 }, { column: 79.5, row: 59.5 }, { column: 19.5, row: 59.5 },
    ]);
  });

  it("turns a box about its first corner", () => {
    const turned = outlineOf({ ...BOX, value: { ...BOX.value, rotation: 90 } }, scan);
    const rounded = turned.map(({ column, row }) => [Math.round(column * 10) / 10, Math.round(row * 10) / 10]);
    expect(rounded).toEqual([[19.5, 19.5], [19.5, 79.5], [-20.5, 79.5], [-20.5, 19.5]]);
  });
});
