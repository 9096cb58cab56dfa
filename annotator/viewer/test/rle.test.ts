import { describe, expect, it } from "vitest";

import { countMask, decodeMask, encodeMask } from "../src/answers/rle";

describe("brush masks", () => {
  it("are coded bit for bit as @thi.ng/rle-pack codes them", () => {
    // label_studio_sdk.converter.brush.encode_rle of the same two pixels, RGBA: 0 0 0 0 255 255 255 255
    // length 8, word size 8, run sizes 3 4 8 16, then two runs of four with 3-bit lengths.
    expect(encodeMask(Uint8Array.of(0, 1))).toEqual([0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]);
  });

  it("come back pixel for pixel", () => {
    for (const size of [1, 7, 4096, 20_000]) {
      const mask = Uint8Array.from({ length: size }, (_, index) => Number((index * index) % 7 < 2));
      expect(decodeMask(encodeMask(mask))).toEqual(mask);
      expect(countMask(encodeMask(mask))).toBe(mask.filter(Boolean).length);
    }
  });

  it("may be longer than the longest run", () => {
    const mask = new Uint8Array(300_000).fill(1);
    expect(decodeMask(encodeMask(mask)).every((value) => value === 1)).toBe(true);
    expect(decodeMask(encodeMask(mask))).toHaveLength(300_000);
    expect(encodeMask(mask).length).toBeLessThan(100);
  });

  it("refuse a code that ends too early", () => {
    expect(() => decodeMask(encodeMask(Uint8Array.of(0, 1, 1)).slice(0, -2))).toThrow(RangeError);
  });
});
