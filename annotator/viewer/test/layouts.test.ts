import { describe, expect, it } from "vitest";

import type { Geometry, Scan } from "../src/types";
import { arrange, hang, type Rule } from "../src/viewer/hanging";
import { linkedFrame, linkedWindow, nearestFrame } from "../src/viewer/linking";
import { breastFlips } from "../src/viewer/mammogram";
import { Pages } from "../src/viewer/pages";
import { priorText } from "../src/viewer/prior";
import { turnOf } from "../src/viewer/turn";
import { planesOf, reformatted } from "../src/viewer/volume";

const GEOMETRY: Geometry = {
  dtype: "int16", rows: 4, columns: 6, samples: 1, frame_count: 1, slope: 1, intercept: 0, window: null,
  inverted: false, spacing: [1, 1], slice_spacing: null, orientation: null, positions: null, modality: "DX",
  body_part: "CHEST", view: "", laterality: "", units: "", frame_seconds: null, smallest: 0, largest: 100,
};

let numbers = 0;
function scan(geometry: Partial<Geometry>, more: Partial<Scan> = {}): Scan {
  numbers += 1;
  const whole = { ...GEOMETRY, ...geometry };
  const { rows, columns, frame_count } = whole;
  return { id: numbers, kind: frame_count > 1 ? "volume" : "image", rows, columns, frame_count, geometry: whole, frame_url: `/${numbers}/{frame}`, ...more };
}

/** Slices one above the other, as an axial CT has them, unless told. */
function volume(geometry: Partial<Geometry> = {}, more: Partial<Scan> = {}): Scan {
  const frame_count = geometry.frame_count ?? 5;
  const positions = Array.from({ length: frame_count }, (_, frame) => [10, 20, 3 * frame]);
  return scan({ frame_count, orientation: [1, 0, 0, 0, 1, 0], positions, spacing: [0.5, 2], modality: "CT", units: "HU", ...geometry }, more);
}

const shown = (pages: ReturnType<typeof hang>) => pages.map(({ layout, cells }) => [layout, ...cells.map(({ scan: { id } }) => id)]);

describe("hanging", () => {
  const rules: Rule[] = [
    { layout: "2x2", cells: [{ view: "PA", prior: false }, { view: "PA", prior: true }, { view: ["LL"], prior: false }, { view: "LL", prior: true }] },
    { layout: "1x2", cells: [{ view: ["PA", "AP"] }, { view: ["LL", "RL"] }] },
    { layout: "1x2", cells: [{ modality: "mg", laterality: "R", chest_wall: "right" }, { modality: "MG", laterality: "L", chest_wall: "left" }] },
    { layout: "mpr", cells: [{ kind: "volume" }] },
  ];

  it("puts each scan where the first rule that applies wants it, whatever their order", () => {
    const [lateral, frontal] = [scan({ view: "LL" }), scan({ view: "PA" })];
    expect(shown(hang([lateral, frontal], rules))).toEqual([["1x2", frontal.id, lateral.id]]);
  });

  it("goes on with what is left, and stands scans that no rule takes side by side", () => {
    const [lateral, frontal, hand, foot] = [scan({ view: "LL" }), scan({ view: "PA" }), scan({ view: "X" }), scan({ view: "Y" })];
    expect(shown(hang([hand, lateral, foot, frontal], rules))).toEqual([["1x2", frontal.id, lateral.id], ["1x2", hand.id, foot.id]]);
  });

  it("hangs nothing twice, and needs all of a rule's scans", () => {
    const only = scan({ view: "PA" });
    expect(shown(hang([only], rules))).toEqual([["1x1", only.id]]);
    expect(shown(hang([only], [{ layout: "1x2", cells: [{}, {}] }]))).toEqual([["1x1", only.id]]);
    const right = scan({ modality: "MG", laterality: "R" });
    const left = scan({ modality: "MG", laterality: "L" });
    expect(hang([left, right], rules)[0]?.cells).toEqual([{ scan: right, chestWall: "right" }, { scan: left, chestWall: "left" }]);
  });

  it("puts the prior of the same view beside the current scan", () => {
    const beside: Rule[] = [{ layout: "1x2", cells: [{ prior: false }, { prior: true }] }];
    const now = scan({ view: "LL" });
    const [pa, ll] = [scan({ view: "PA" }, { prior_days: 9 }), scan({ view: "LL" }, { prior_days: 9 })];
    expect(shown(hang([now, pa, ll], beside))).toEqual([["1x2", now.id, ll.id], ["1x1", pa.id]]);
    const four = [scan({ view: "LL" }, { prior_days: 9 }), scan({ view: "PA" }, { prior_days: 9 }), scan({ view: "LL" }), scan({ view: "PA" })];
    expect(shown(hang(four, rules))).toEqual([["2x2", four[3]?.id, four[1]?.id, four[2]?.id, four[0]?.id]]);
  });

  it("shows a volume as MPR where that is asked", () => {
    const ct = volume();
    expect(shown(hang([ct], rules))).toEqual([["mpr", ct.id]]);
  });

  it("takes as many pages as a layout needs", () => {
    const five = Array.from({ length: 5 }, () => ({ scan: scan({}), chestWall: null }));
    expect(arrange(five).map(({ cells }) => cells.length)).toEqual([4, 1]);
    expect(arrange(five, "1x1")).toHaveLength(5);
  });
});

describe("pages", () => {
  it("shows one scan alone and goes back to where it was", () => {
    const pages = new Pages([]);
    const scans = Array.from({ length: 6 }, () => scan({}));
    pages.open({ scans });
    expect([pages.page.layout, pages.count]).toEqual(["2x2", 2]);
    expect(pages.step(1)).toBe(true);
    expect(pages.step(1)).toBe(false);
    pages.toggleOneUp({ scan: scans[5] as Scan, chestWall: null });
    expect([pages.page.layout, pages.number, pages.count]).toEqual(["1x1", 6, 6]);
    pages.toggleOneUp({ scan: scans[5] as Scan, chestWall: null });
    expect([pages.page.layout, pages.number]).toEqual(["2x2", 2]);
    pages.lay("1x2", scans[2]);
    expect([pages.page.layout, pages.number, pages.count]).toEqual(["1x2", 2, 3]);
    pages.lay(null, scans[2]);
    expect([pages.page.layout, pages.number]).toEqual(["2x2", 1]);
  });
});

describe("linking", () => {
  it("finds the slice at the same place of the patient", () => {
    const thin = volume({ frame_count: 9, positions: Array.from({ length: 9 }, (_, frame) => [0, 0, 24 - 3 * frame]) });
    expect(linkedFrame(volume(), 4, thin)).toBe(4);
    expect(linkedFrame(volume(), 0, thin)).toBe(8);
    expect(nearestFrame(volume(), [0, 0, 7])).toBe(2);
  });

  it("goes as far through a prior, whose millimetres are its own", () => {
    const prior = volume({ frame_count: 9 }, { prior_days: 100 });
    expect(linkedFrame(volume(), 4, prior)).toBe(8);
    expect(linkedFrame(volume(), 2, prior)).toBe(4);
  });

  it("goes as far through a stack without positions", () => {
    expect(linkedFrame(scan({ frame_count: 11 }), 5, scan({ frame_count: 3 }))).toBe(1);
  });

  it("shares the window of Hounsfield units, and moves others by their own width", () => {
    const [before, after, own] = [{ center: 40, width: 400 }, { center: 140, width: 800 }, { center: 1000, width: 2000 }];
    expect(linkedWindow(before, after, own, true)).toEqual(after);
    expect(linkedWindow(before, after, own, false)).toEqual({ center: 1500, width: 4000 });
  });
});

describe("mammograms", () => {
  const of = (patient_orientation: [string, string] | null, laterality = "R"): Geometry => ({ ...GEOMETRY, laterality, patient_orientation });
  const values = new Uint16Array(24).fill(0);

  it("turns the chest wall to its edge by the header", () => {
    expect(breastFlips(of(["P", "L"]), values, "right")).toEqual({ isMirrored: false, isUpsideDown: false });
    expect(breastFlips(of(["A", "R"]), values, "right")).toEqual({ isMirrored: true, isUpsideDown: true });
    expect(breastFlips(of(["A", "HL"]), values, "left")).toEqual({ isMirrored: false, isUpsideDown: true });
    expect(turnOf({ isMirrored: true, isUpsideDown: true })).toEqual({ quarters: 2, isMirrored: false });
  });

  it("finds the chest wall by the tissue where the header is silent", () => {
    for (let row = 0; row < 4; row += 1) values[row * 6] = 50;
    expect(breastFlips(of(null), values, "left").isMirrored).toBe(false);
    expect(breastFlips(of(null), values, "right").isMirrored).toBe(true);
    expect(breastFlips({ ...of(null), inverted: true }, values, "right").isMirrored).toBe(false);
  });
});

describe("planes", () => {
  /** Each voxel tells its column, row and slice. */
  const slices = Array.from({ length: 5 }, (_, k) => Int16Array.from({ length: 24 }, (_, at) => 100 * (at % 6) + 10 * Math.floor(at / 6) + k));

  it("stand upright as one looks at a patient, with the spacing of their own directions", () => {
    const planes = planesOf(volume());
    if (typeof planes === "string") throw new Error(planes);
    expect([planes.acquired, ...planes.others.map(({ name }) => name)]).toEqual(["axial", "sagittal", "coronal"]);
    const [sagittal, coronal] = planes.others;
    expect(coronal?.scan.geometry).toMatchObject({ rows: 5, columns: 6, frame_count: 4, spacing: [3, 2], orientation: [1, 0, 0, 0, 0, -1] });
    expect(sagittal?.scan.geometry).toMatchObject({ rows: 5, columns: 4, frame_count: 6, spacing: [3, 0.5], orientation: [0, 1, 0, 0, 0, -1] });
    // The first pixel lies at the front, in the last slice.
    expect(sagittal?.scan.geometry.positions?.[2]).toEqual([14, 20, 12]);
    expect(coronal?.scan.geometry.positions?.[3]).toEqual([10, 21.5, 12]);
  });

  it("show each voxel in its place", () => {
    const planes = planesOf(volume());
    if (typeof planes === "string") throw new Error(planes);
    const [sagittal, coronal] = planes.others;
    // Row 1 from above is slice 3; column 2 of the coronal frame 3 is column 2, row 3.
    expect(coronal && reformatted(coronal, slices, 6, 4, 3, -1)[1 * 6 + 2]).toBe(233);
    expect(sagittal && reformatted(sagittal, slices, 6, 4, 2, -1)[1 * 4 + 3]).toBe(233);
    const filling = [undefined, undefined, slices[2], undefined, undefined];
    expect(coronal && [...reformatted(coronal, filling, 6, 4, 0, -1)].filter((value) => value !== -1)).toEqual([2, 102, 202, 302, 402, 502]);
  });

  it("of slices that were acquired from the side stand as upright", () => {
    const positions = Array.from({ length: 5 }, (_, frame) => [50 - 4 * frame, 0, 0]);
    const planes = planesOf(volume({ orientation: [0, 1, 0, 0, 0, -1], positions }));
    if (typeof planes === "string") throw new Error(planes);
    expect([planes.acquired, ...planes.others.map(({ name }) => name)]).toEqual(["sagittal", "coronal", "axial"]);
    const axial = planes.others[1];
    expect(axial?.scan.geometry).toMatchObject({ rows: 6, columns: 5, orientation: [1, 0, 0, 0, 1, 0], spacing: [2, 4] });
    // Columns run to the left: the last slice lies most to the right and comes first.
    expect(axial && reformatted(axial, slices, 6, 4, 3, -1)[2 * 5 + 0]).toBe(204);
  });

  it("are not cut where that would bend them, and it is said why", () => {
    expect(planesOf(scan({}))).toContain("One image");
    expect(planesOf(volume({ orientation: null }))).toContain("does not say where");
    const gap = [0, 3, 6, 9, 20].map((z) => [0, 0, z]);
    expect(planesOf(volume({ positions: gap }))).toContain("bent");
    const tilted = [0, 1, 2, 3, 4].map((frame) => [0, frame, 3 * frame]);
    expect(planesOf(volume({ positions: tilted }))).toContain("bent");
  });
});

describe("a prior's age", () => {
  it("is said in the unit one would say it in", () => {
    expect([1, 30, 90, 400, 1461].map(priorText)).toEqual([
      "Prior, 1 day earlier", "Prior, 30 days earlier", "Prior, 3 months earlier", "Prior, 13 months earlier", "Prior, 4 years earlier",
    ]);
  });
});
