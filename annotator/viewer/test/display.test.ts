import { describe, expect, it } from "vitest";

import { ownRate } from "../src/viewer/cine";
import { edgeMarkers, patientDirection } from "../src/viewer/orientation";
import { scaleBarText, spacingNote } from "../src/viewer/scalebar";
import { frameLocation, techniqueLines } from "../src/viewer/technique";
import { fittedScale, flippedHorizontally, flippedVertically, rotated, turnText, UPRIGHT } from "../src/viewer/turn";
import { CT_PRESETS, headerWindows, nextHeaderWindow, windowName } from "../src/viewer/windows";
import { geometry } from "./questions";

describe("the letters at the edges", () => {
  it.each([
    ["axial", [1, 0, 0, 0, 1, 0], { left: "R", right: "L", top: "A", bottom: "P" }],
    ["coronal", [1, 0, 0, 0, 0, -1], { left: "R", right: "L", top: "H", bottom: "F" }],
    ["sagittal", [0, 1, 0, 0, 0, -1], { left: "A", right: "P", top: "H", bottom: "F" }],
  ])("are those of an %s image", (_, cosines, edges) => {
    const placed = geometry({ orientation: cosines });
    expect(edgeMarkers(placed, cosines.slice(0, 3), cosines.slice(3))).toEqual(edges);
  });

  it("follow the screen: turned clockwise, an axial image has its right at the top", () => {
    const axial = geometry({ orientation: [1, 0, 0, 0, 1, 0] });
    const edges = edgeMarkers(axial, [0, -3, 0], [3, 0, 0]);
    expect(edges).toEqual({ left: "P", right: "A", top: "R", bottom: "L" });
  });

  it("of a radiograph are what its header says of rows and columns", () => {
    const frontal = geometry({ patient_orientation: ["L", "F"] });
    const upright = { left: "R", right: "L", top: "H", bottom: "F" };
    expect(edgeMarkers(frontal, [0.5, 0, 0], [0, 0.5, 0])).toEqual(upright);
    const mirrored = edgeMarkers(frontal, [-0.5, 0, 0], [0, 0.5, 0]);
    expect(mirrored).toEqual({ ...upright, left: "L", right: "R" });
    const oblique = geometry({ patient_orientation: ["PL", "F"] });
    expect(edgeMarkers(oblique, [0, -1, 0], [1, 0, 0])).toEqual({ left: "F", right: "H", top: "AR", bottom: "PL" });
  });

  it("name an oblique direction by its parts, the strongest first", () => {
    expect(patientDirection([0.6, 0, -0.8])).toBe("FL");
    expect(patientDirection([300, 5, -400])).toBe("FL");
  });

  it("are not made up", () => expect(edgeMarkers(geometry(), [1, 0, 0], [0, 1, 0])).toBeNull());
});

describe("a turn", () => {
  it("comes round after four", () => {
    expect(rotated(rotated(rotated(rotated(UPRIGHT))))).toEqual(UPRIGHT);
  });

  it("and both flips are what the screen shows, however the frame lies", () => {
    const right = rotated(UPRIGHT);
    expect(flippedHorizontally(flippedVertically(UPRIGHT))).toEqual({ quarters: 2, isMirrored: false });
    expect(flippedHorizontally(right)).toEqual({ quarters: 3, isMirrored: true });
    expect(flippedVertically(right)).toEqual({ quarters: 1, isMirrored: true });
    expect(flippedHorizontally(flippedHorizontally(right))).toEqual(right);
  });

  it("of a fitted frame fits it anew", () => {
    const frame = { rows: 100, columns: 200, spacing: [2, 1] as [number, number] };
    const element = { clientWidth: 400, clientHeight: 100 };
    expect(fittedScale(frame, UPRIGHT, element)).toBe(100);
    expect(fittedScale({ ...frame, spacing: null }, rotated(UPRIGHT), element)).toBe(100);
    expect(fittedScale({ ...frame, spacing: null }, UPRIGHT, element)).toBe(50);
    expect(fittedScale(frame, UPRIGHT, { clientWidth: 100, clientHeight: 200 })).toBe(200);
  });

  it("is told in words", () => {
    expect(turnText(UPRIGHT)).toBe("");
    expect(turnText({ quarters: 3, isMirrored: true })).toBe("Mirrored  Turned 270°");
  });
});

describe("windows", () => {
  it("for CT are those of the field, in the order of their keys", () => {
    expect(CT_PRESETS.map(({ name, width, center }) => `${name} ${width}/${center}`)).toEqual([
      "Soft tissue 400/40", "Lung 1500/-600", "Liver 150/90", "Bone 2500/480", "Brain 80/40",
    ]);
  });

  it("of the file come one after the other", () => {
    const scan = geometry({ window: [40, 400], windows: [[40, 400, "Mediastinum"], [-600, 1500, ""]] });
    expect(nextHeaderWindow(scan, { center: 1, width: 2 })).toMatchObject({ center: 40, width: 400 });
    expect(nextHeaderWindow(scan, { center: 40, width: 400 })).toMatchObject({ center: -600 });
    expect(nextHeaderWindow(scan, { center: -600, width: 1500 })).toMatchObject({ center: 40 });
    expect(nextHeaderWindow(geometry(), { center: 1, width: 2 })).toBeUndefined();
    expect(headerWindows(geometry({ window: [9, 5] }))).toEqual([{ center: 9, width: 5, name: "" }]);
  });

  it("have the file's name before the preset's, and presets are for CT", () => {
    const ct = geometry({ modality: "CT", windows: [[40, 400, "Mediastinum"]] });
    expect(windowName(ct, { center: 40, width: 400.0000001 })).toBe("Mediastinum");
    expect(windowName(ct, { center: 90, width: 150 })).toBe("Liver");
    expect(windowName(geometry({ modality: "MR" }), { center: 90, width: 150 })).toBe("");
  });
});

describe("what is said of lengths", () => {
  it.each([
    [null, undefined, "No pixel spacing: lengths in pixels"],
    [[0.1, 0.1], undefined, ""],
    [[0.1, 0.1], "detector", "Lengths as at the detector"],
    [[0.1, 0.1], "film", "Lengths as on the film"],
    [[0.1, 0.1], "calibrated", "Calibrated lengths"],
  ] as const)("with spacing %s and kind %s", (spacing, kind, text) => {
    const given = { spacing: spacing && ([...spacing] as [number, number]) };
    expect(spacingNote(kind ? { ...given, spacing_kind: kind } : given)).toBe(text);
  });

  it("is in cm from one on", () => expect([scaleBarText(5), scaleBarText(20)]).toEqual(["5 mm", "2 cm"]));
});

describe("the technique", () => {
  it("is told as far as it is known", () => {
    const known = geometry({ kvp: 120, exposure_mas: 3.25, slice_thickness: 5 });
    expect(techniqueLines(known, -12)).toEqual(["120 kVp  3.3 mAs", "Thickness 5 mm", "Location -12.0 mm"]);
    expect(techniqueLines(geometry(), null)).toEqual(["", "", ""]);
  });

  it("has the slice's place towards left, back and head", () => {
    const positions = [[3, 4, 50]];
    expect(frameLocation(geometry({ orientation: [1, 0, 0, 0, 1, 0], positions }), 0)).toBe(50);
    // The normal of a coronal slice shown upright runs to the back, that of a sagittal one to the right.
    expect(frameLocation(geometry({ orientation: [1, 0, 0, 0, 0, -1], positions }), 0)).toBe(4);
    expect(frameLocation(geometry({ orientation: [0, 1, 0, 0, 0, -1], positions }), 0)).toBe(3);
    expect(frameLocation(geometry({ positions }), 0)).toBeNull();
  });
});

describe("a cine", () => {
  it("runs at the file's own speed, else at ten frames a second", () => {
    expect(ownRate(0.04)).toBe(25);
    expect(ownRate(null)).toBe(10);
    expect([ownRate(0.001), ownRate(30)]).toEqual([60, 1]);
  });
});
