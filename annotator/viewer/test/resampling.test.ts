import { describe, expect, it } from "vitest";

import type { FrameTransform } from "../src/viewer/plane";
import type { ShownSamples } from "../src/viewer/pixels";
import { drawFrame, type Look } from "../src/viewer/resampling";

const SQUARES: Look = { range: { lower: 0, upper: 255 }, inverted: false, smooth: false };
const SMOOTH: Look = { ...SQUARES, smooth: true };
/** Four rows of the screen for two of the frame. */
const DOUBLED: FrameTransform = { a: 2, b: 0, c: 0, d: 2, e: 1, f: 1 };

function target(width: number, height: number): ImageData {
  return { width, height, data: new Uint8ClampedArray(4 * width * height) } as unknown as ImageData;
}

/** The red of every pixel, line by line. */
function drawn(values: ShownSamples, columns: number, at: FrameTransform, look: Look, width = 4, height = 4): number[][] {
  const shown = target(width, height);
  drawFrame(shown, { rows: values.length / columns, columns, samples: 1, values }, at, look);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => shown.data[4 * (y * width + x)] as number),
  );
}

describe("a frame drawn without a graphics card", () => {
  const corners = new Uint16Array([10, 20, 30, 40]);

  it("shows each pixel as a square", () => {
    expect(drawn(corners, 2, DOUBLED, SQUARES)).toEqual([
      [10, 10, 20, 20],
      [10, 10, 20, 20],
      [30, 30, 40, 40],
      [30, 30, 40, 40],
    ]);
  });

  it("interpolates between pixels and not beyond them", () => {
    // The screen's pixels lie a quarter of a pixel beside the frame's: 12.5 and 17.5 of 10 to 20.
    expect(drawn(new Uint16Array([10, 20]), 2, DOUBLED, SMOOTH, 4, 1)).toEqual([[10, 13, 18, 20]]);
  });

  it("interpolates values before it windows them", () => {
    const look: Look = { ...SMOOTH, range: { lower: 900, upper: 1000 } };
    // 0 and 1000 meet at 500: black, where half of white would be grey.
    expect(drawn(new Int16Array([0, 1000]), 2, { ...DOUBLED, e: 1.5 }, look, 4, 1)).toEqual([[0, 0, 0, 255]]);
  });

  it("turns and mirrors", () => {
    const turned: FrameTransform = { a: 0, b: 1, c: -1, d: 0, e: 2.5, f: 0.5 };
    expect(drawn(new Uint16Array([10, 20, 30, 40, 50, 60]), 2, turned, SQUARES, 3, 2)).toEqual([
      [50, 30, 10],
      [60, 40, 20],
    ]);
    const mirrored: FrameTransform = { a: -2, b: 0, c: 0, d: 2, e: 3, f: 1 };
    expect(drawn(corners, 2, mirrored, SQUARES)[0]).toEqual([20, 20, 10, 10]);
  });

  it("leaves what lies beside the frame black", () => {
    expect(drawn(corners, 2, { ...DOUBLED, a: 1, d: 1, e: 1.5, f: 1.5 }, SQUARES)).toEqual([
      [0, 0, 0, 0],
      [0, 10, 20, 0],
      [0, 30, 40, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("inverts, and clips to black and white", () => {
    const look: Look = { range: { lower: 20, upper: 30 }, inverted: true, smooth: false };
    expect(drawn(corners, 2, { ...DOUBLED, a: 1, d: 1, e: 0.5, f: 0.5 }, look, 2, 2)).toEqual([
      [255, 255],
      [0, 0],
    ]);
  });

  it("shows no number as black", () => {
    expect(drawn(new Float32Array([NaN, 100]), 2, { ...DOUBLED, a: 1, d: 1, e: 0.5, f: 0.5 }, SQUARES, 2, 1)).toEqual([
      [0, 100],
    ]);
  });

  it("keeps colours apart", () => {
    const shown = target(2, 1);
    const values = new Uint8Array([200, 0, 30, 0, 100, 60]);
    drawFrame(shown, { rows: 1, columns: 2, samples: 3, values }, { a: 1, b: 0, c: 0, d: 1, e: 0.5, f: 0.5 }, SMOOTH);
    expect([...shown.data]).toEqual([200, 0, 30, 255, 0, 100, 60, 255]);
  });

  it("turns colours", () => {
    const shown = target(3, 2);
    // Three rows of two: red tells the row, green the column.
    const values = Uint8Array.from([0, 1, 2].flatMap((row) => [0, 1].flatMap((column) => [100 + row, 200 + column, 7])));
    drawFrame(shown, { rows: 3, columns: 2, samples: 3, values }, { a: 0, b: 1, c: -1, d: 0, e: 2.5, f: 0.5 }, SQUARES);
    const pixels = [0, 1, 2, 3, 4, 5].map((at) => [...shown.data.subarray(4 * at, 4 * at + 3)]);
    expect(pixels).toEqual([0, 1].flatMap((column) => [2, 1, 0].map((row) => [100 + row, 200 + column, 7])));
  });
});
