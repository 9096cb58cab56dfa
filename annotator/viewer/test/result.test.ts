import { describe, expect, it } from "vitest";

import type { Mark } from "../src/answers/marks";
import { fromResult, toResult } from "../src/answers/result";
import { detailsToWrite, emptySheet, isReadAsNormal, itemOf, locate, toggle, unanswered } from "../src/answers/sheet";
import { readNumber } from "../src/answers/numbers";
import { question, scan } from "./questions";

const findings = question("multiple", "findings", "Nodule", "Effusion");
const severity = question("rating", "severity", "1", "2", "3");
const diameter = question("number", "diameter");
const remarks = question("text", "remarks");
const boxes = question("boxes", "boxes", "Nodule");
const masks = question("masks", "masks", "Lesion");
const all = [findings, severity, diameter, remarks, boxes, masks];

function box(id: string, item: number): Mark {
  return { id, question: "boxes", label: "Nodule", item, kind: "box", x: 10, y: 20, width: 30, height: 40, rotation: 0 };
}

function filled() {
  const sheet = emptySheet();
  toggle(sheet, findings, "Effusion");
  toggle(sheet, findings, "Nodule");
  toggle(sheet, severity, "3");
  sheet.numbers.set("diameter", 12.3);
  sheet.texts.set("remarks", " seen twice ");
  sheet.marks = [box("b1", 4)];
  sheet.masks = [{ id: "m1", question: "masks", label: "Lesion", item: 5, rle: [1, 2] }];
  return sheet;
}

describe("the result", () => {
  it("is Label Studio's", () => {
    const volume = scan(7, 9);
    expect(toResult(filled(), all, [volume])).toEqual([
      { id: "findings", from_name: "findings", to_name: "image", type: "choices", value: { choices: ["Nodule", "Effusion"] } },
      { id: "severity", from_name: "severity", to_name: "image", type: "rating", value: { rating: 3 } },
      { id: "diameter", from_name: "diameter", to_name: "image", type: "number", value: { number: 12.3 } },
      { id: "remarks", from_name: "remarks", to_name: "image", type: "textarea", value: { text: ["seen twice"] } },
      {
        id: "b1", from_name: "boxes", to_name: "image", type: "rectanglelabels",
        value: { x: 10, y: 20, width: 30, height: 40, rotation: 0, rectanglelabels: ["Nodule"] },
        original_width: 200, original_height: 100, image_rotation: 0, item_index: 4,
      },
      {
        id: "m1", from_name: "masks", to_name: "image", type: "brushlabels",
        value: { format: "rle", rle: [1, 2], brushlabels: ["Lesion"] },
        original_width: 200, original_height: 100, image_rotation: 0, item_index: 5,
      },
    ]);
  });

  it("comes back as the same sheet", () => {
    const result = toResult(filled(), all, [scan(7, 9)]);
    expect(toResult(fromResult(result, all), all, [scan(7, 9)])).toEqual(result);
  });

  it("of a single image has no item_index", () => {
    const sheet = emptySheet();
    sheet.marks = [box("b", 0)];
    expect(toResult(sheet, all, [scan(1, 1)])[0]).not.toHaveProperty("item_index");
  });

  it("of nothing is empty: read, and normal", () => {
    expect(toResult(emptySheet(), all, [scan(1, 1)])).toEqual([]);
    expect(isReadAsNormal(emptySheet(), [findings, boxes])).toBe(true);
    expect(isReadAsNormal(filled(), [findings, boxes])).toBe(false);
    expect(isReadAsNormal(emptySheet(), [diameter])).toBe(false);
  });
});

const points = question("points", "points", "Apex");
const ellipses = question("ellipses", "ellipses", "Heart");
const outlines = question("polygons", "outlines", "Mass", "Node");
const density = { ...question("single", "density", "Solid", "Ground glass"), per_region: true, when_labels: ["Mass"] };
const drawn = [density, points, ellipses, outlines];

function drawnSheet() {
  const sheet = emptySheet();
  sheet.marks = [
    { id: "p", question: "points", label: "Apex", item: 0, kind: "point", x: 50, y: 25, width: 0.25 },
    { id: "e", question: "ellipses", label: "Heart", item: 1, kind: "ellipse", x: 50, y: 40, radiusX: 20, radiusY: 10, rotation: 30 },
    { id: "o", question: "outlines", label: "Mass", item: 2, kind: "polygon", points: [[1, 2], [30, 2], [15, 40]] },
  ];
  detailsToWrite(sheet, "o").choices.set("density", ["Solid"]);
  detailsToWrite(sheet, "p").choices.set("density", ["Solid"]);
  return sheet;
}

describe("marks", () => {
  const scans = [scan(1, 1), scan(2, 2)];

  it("are Label Studio's, and what is said of one follows it under its id", () => {
    const frame = { original_width: 200, original_height: 100, image_rotation: 0 };
    const shape = { points: [[1, 2], [30, 2], [15, 40]], closed: true };
    expect(toResult(drawnSheet(), drawn, scans)).toEqual([
      {
        id: "p", from_name: "points", to_name: "image", type: "keypointlabels",
        value: { x: 50, y: 25, width: 0.25, keypointlabels: ["Apex"] }, ...frame, item_index: 0,
      },
      {
        id: "e", from_name: "ellipses", to_name: "image", type: "ellipselabels",
        value: { x: 50, y: 40, radiusX: 20, radiusY: 10, rotation: 30, ellipselabels: ["Heart"] }, ...frame, item_index: 1,
      },
      {
        id: "o", from_name: "outlines", to_name: "image", type: "polygonlabels",
        value: { ...shape, polygonlabels: ["Mass"] }, ...frame, item_index: 2,
      },
      {
        id: "o", from_name: "density", to_name: "image", type: "choices",
        value: { ...shape, choices: ["Solid"] }, ...frame, item_index: 2,
      },
    ]);
  });

  it("come back as they were, their attributes with them", () => {
    const result = toResult(drawnSheet(), drawn, scans);
    const sheet = fromResult(result, drawn);
    expect(sheet.marks).toEqual(drawnSheet().marks);
    expect(sheet.details.get("o")?.choices.get("density")).toEqual(["Solid"]);
    expect(sheet.choices.size).toBe(0);
    expect(toResult(sheet, drawn, scans)).toEqual(result);
  });

  it("of one id are told apart", () => {
    const result = toResult(drawnSheet(), [points], scans);
    const sheet = fromResult([...result, ...result], [points]);
    expect(new Set(sheet.marks.map(({ id }) => id)).size).toBe(2);
  });

  it("need the answers that are required of each", () => {
    const required = { ...density, required: true };
    const sheet = drawnSheet();
    expect(unanswered(sheet, [required])).toEqual([]);
    sheet.details = new Map();
    expect(unanswered(sheet, [required])).toEqual([{ question: required, region: "o" }]);
  });
});

describe("the sheet", () => {
  it("takes one answer to a single question, and takes it back", () => {
    const asked = question("single", "diagnosis", "a", "b");
    const sheet = emptySheet();
    toggle(sheet, asked, "a");
    toggle(sheet, asked, "b");
    expect(sheet.choices.get("diagnosis")).toEqual(["b"]);
    toggle(sheet, asked, "b");
    expect(sheet.choices.get("diagnosis")).toEqual([]);
  });

  it("knows what is required and missing", () => {
    const asked = { ...remarks, required: true };
    const sheet = emptySheet();
    expect(unanswered(sheet, [asked, diameter])).toEqual([{ question: asked }]);
    sheet.texts.set("remarks", "   ");
    expect(unanswered(sheet, [asked])).toEqual([{ question: asked }]);
    sheet.texts.set("remarks", "clear");
    expect(unanswered(sheet, [asked])).toEqual([]);
  });

  it("counts frames over the scans of a task", () => {
    const scans = [scan(1, 1), scan(2, 9)];
    expect(locate(scans, 0)?.scan.id).toBe(1);
    expect(locate(scans, 1)).toEqual({ scan: scans[1], frame: 0 });
    expect(locate(scans, 10)).toBeNull();
    expect(itemOf(scans, scan(2, 9), 3)).toBe(4);
  });
});

describe("numbers", () => {
  const asked = { ...diameter, minimum: 0, maximum: 500 };
  it.each([
    ["12.5", { number: 12.5 }],
    ["12,5", { number: 12.5 }],
    [" ", { empty: true }],
    ["-1", { problem: "At least 0." }],
    ["501", { problem: "At most 500." }],
    ["1e3", { problem: "“1e3” is not a number." }],
    ["1.2.3", { problem: "“1.2.3” is not a number." }],
  ])("%s", (text, expected) => expect(readNumber(text, asked)).toEqual(expected));
});
