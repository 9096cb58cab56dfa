import { describe, expect, it } from "vitest";

import { openingPlace, outward, readingOrder, sliceNumber } from "../src/viewer/order";
import { modalityValues, storedSamples } from "../src/viewer/pixels";
import { framePlane, pixelToWorld, worldToPixel } from "../src/viewer/plane";
import { scaleBarLength } from "../src/viewer/scalebar";
import { draggedWindow, percentileWindow, rangeWindow, windowRange } from "../src/viewer/windows";
import type { Task } from "../src/types";
import { geometry, scan } from "./questions";

describe("frames", () => {
  it("of an axial volume are read from the head to the feet", () => {
    const volume = scan(1, 3);
    volume.geometry.positions = [[0, 0, -5], [0, 0.1, 0], [0, 0.2, 5]];
    expect(readingOrder(volume)).toEqual([2, 1, 0]);
    expect(sliceNumber(volume, 2)).toBe(1);
    volume.geometry.positions.reverse();
    expect(readingOrder(volume)).toEqual([0, 1, 2]);
  });

  it("of other planes are read as they lie", () => {
    const coronal = scan(1, 2);
    coronal.geometry.positions = [[0, -5, 0], [0, 5, 0.3]];
    expect(readingOrder(coronal)).toEqual([0, 1]);
    expect(readingOrder(scan(2, 2))).toEqual([0, 1]);
  });

  it("open in the middle, unless the task tells of another", () => {
    const scans = [scan(1, 9), scan(2, 5), scan(3, 1)];
    const places = (told: Task["opens_at"]): number[] =>
      scans.map((_, nth) => openingPlace({ scans, opens_at: told }, nth));
    expect(places(null)).toEqual([4, 2, 0]);
    expect(places({ scan: 1, frame: 4 })).toEqual([4, 4, 0]);
    expect(places({ scan: 1, frame: 0 })).toEqual([4, 0, 0]);
    expect(places({ scan: 1, frame: 5 })).toEqual([4, 2, 0]); // there is no such frame
    expect(places({ scan: 3, frame: 0 })).toEqual([4, 2, 0]); // nor such a scan
  });

  it("open at the frame told, wherever it lies in the order of reading", () => {
    const volume = scan(1, 3);
    volume.geometry.positions = [[0, 0, -5], [0, 0.1, 0], [0, 0.2, 5]];
    expect(openingPlace({ scans: [volume], opens_at: { scan: 0, frame: 2 } }, 0)).toBe(0);
  });

  it("are fetched from where the scan opens outward", () => {
    expect(outward(4, 9)).toEqual([4, 5, 3, 6, 2, 7, 1, 8, 0]);
    expect(outward(1, 2)).toEqual([1, 0]);
    expect(outward(0, 1)).toEqual([0]);
  });
});

describe("pixels", () => {
  it("refuse a frame of another size", () => {
    expect(() => storedSamples(new ArrayBuffer(11), geometry())).toThrow("12 were expected");
  });

  it("stay as they are where the modality LUT changes nothing", () => {
    const stored = storedSamples(Uint16Array.of(0, 1, 2, 3, 4, 65535).buffer, geometry());
    expect(modalityValues(stored, geometry())).toBe(stored);
  });

  it("become Hounsfield units in two bytes", () => {
    const ct = geometry({ intercept: -1024, largest: 4095 });
    const values = modalityValues(Uint16Array.of(0, 1024, 4095), ct);
    expect(values).toEqual(Int16Array.of(-1024, 0, 3071));
  });

  it("become fractions only where the slope is one, or two bytes do not hold them", () => {
    expect(modalityValues(Uint8Array.of(2), geometry({ slope: 0.5 }))).toEqual(Float32Array.of(1));
    expect(modalityValues(Uint16Array.of(65535), geometry({ intercept: -1024 }))).toEqual(Float32Array.of(64511));
  });
});

describe("windows", () => {
  it("are DICOM's: PS3.3 C.11.2.1.2.1", () => {
    expect(windowRange({ center: 40, width: 400 }, true)).toEqual({ lower: -160, upper: 239 });
    expect(windowRange({ center: 0.5, width: 1 }, false)).toEqual({ lower: 0, upper: 1 });
  });

  it.each([[{ center: 40, width: 400 }, true], [{ center: 0.5, width: 0.25 }, false], [{ center: 7, width: 2 }, true]])(
    "come back from their range",
    (window, isWhole) => expect(rangeWindow(windowRange(window, isWhole), isWhole)).toEqual(window),
  );

  it("leave outliers out where the file names none", () => {
    const values = Uint16Array.from({ length: 1000 }, (_, index) => index);
    values[0] = 65535;
    const { lower, upper } = windowRange(percentileWindow(values), false);
    expect(lower).toBeLessThan(10);
    expect(upper).toBeLessThanOrEqual(65535);
    expect(percentileWindow(new Uint8Array(10)).width).toBeGreaterThan(0);
  });

  it("never close altogether", () => {
    expect(draggedWindow({ center: 40, width: 2 }, -9999, 0, 4000).width).toBe(1);
    expect(draggedWindow({ center: 0.5, width: 0.1 }, -9999, 0, 1).width).toBeGreaterThan(0);
  });
});

describe("places", () => {
  const volume = scan(1, 2, 100, 200);
  volume.geometry = geometry({
    rows: 100, columns: 200, spacing: [2, 0.5], orientation: [0, 1, 0, 0, 0, -1],
    positions: [[5, 6, 7], [8, 6, 7]],
  });

  it("of pixels follow the standard: PS3.3 C.7.6.2.1.1", () => {
    const plane = framePlane(volume, 1);
    expect(pixelToWorld(plane, { column: 10, row: 3 })).toEqual([8, 11, 1]);
    expect(worldToPixel(plane, [8, 11, 1])).toEqual({ column: 10, row: 3 });
  });
});

describe("the scale bar", () => {
  it.each([[37, 20], [100, 100], [9.9, 5], [1.5, 1]])("%d mm at most: %d", (most, length) =>
    expect(scaleBarLength(most)).toBe(length),
  );
});
