import { describe, expect, it } from "vitest";

import { RandomWalkerSegmenter } from "../src/viewer/segmentation/randomwalker";
import type { FrameSamples, Prompts } from "../src/viewer/segmentation/segmenter";

/** Noise that is the same at every run: the sum of four uniform numbers, about normal. */
function noise(): () => number {
  let state = 1;
  const uniform = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

interface Disc {
  row: number;
  column: number;
  radius: number;
}

function isIn({ row, column, radius }: Disc, index: number, columns: number): boolean {
  return (Math.floor(index / columns) - row) ** 2 + ((index % columns) - column) ** 2 <= radius ** 2;
}

/** A disc of 40 on a ground of -100 with noise of the given spread; a brighter wall along the left side. */
function phantom(size: number, disc: Disc, spread: number, samples: 1 | 3 = 1): FrameSamples {
  const draw = noise();
  const values = new Int16Array(size * size * samples);
  for (let index = 0; index < size * size; index += 1) {
    const value = index % size < size / 10 ? 60 : isIn(disc, index, size) ? 40 : -100;
    for (let channel = 0; channel < samples; channel += 1) {
      values[index * samples + channel] = (channel === 1 ? -value : value) + draw() * spread;
    }
  }
  return { rows: size, columns: size, samples, values };
}

async function dice(frame: FrameSamples, disc: Disc, prompts: Partial<Prompts>): Promise<number> {
  const mask = await new RandomWalkerSegmenter().propose(frame, { box: null, include: [], exclude: [], ...prompts });
  let [both, sum] = [0, 0];
  for (let index = 0; index < mask.length; index += 1) {
    const expected = Number(isIn(disc, index, frame.columns));
    both += (mask[index] as number) * expected;
    sum += (mask[index] as number) + expected;
  }
  return (2 * both) / sum;
}

describe("a proposal", () => {
  it.each([
    [6, 20], [6, 50], [15, 20], [15, 60], [40, 20], [40, 60], [90, 40],
  ])("from a click on a disc of radius %i in noise of %i is its outline", async (radius, spread) => {
    const disc = { row: 260, column: 280, radius };
    const click = { row: disc.row + radius / 4, column: disc.column - radius / 4 };
    expect(await dice(phantom(512, disc, spread), disc, { include: [click] })).toBeGreaterThan(0.9);
  });

  it.each([
    [6, 20], [6, 50], [15, 60], [40, 60], [90, 60],
  ])("from a box about a disc of radius %i in noise of %i is its outline", async (radius, spread) => {
    const disc = { row: 260, column: 280, radius };
    const box = {
      left: 280 - radius - 4, right: 280 + radius + 3, top: 260 - radius - 2, bottom: 260 + radius + 6,
    };
    expect(await dice(phantom(512, disc, spread), disc, { box })).toBeGreaterThan(0.9);
  });

  it("is made from all three colours", async () => {
    const disc = { row: 60, column: 70, radius: 20 };
    expect(await dice(phantom(128, disc, 30, 3), disc, { include: [disc] })).toBeGreaterThan(0.9);
  });

  it("leaves out what is taken away, and what lies behind a neck with it", async () => {
    const [kept, taken] = [{ row: 60, column: 60, radius: 20 }, { row: 60, column: 96, radius: 20 }];
    const frame = phantom(160, kept, 20);
    for (const index of frame.values.keys()) if (isIn(taken, index, 160)) frame.values[index] = 40;
    const box = { left: 36, top: 36, right: 120, bottom: 84 };
    expect(await dice(frame, kept, { box })).toBeLessThan(0.75);
    expect(await dice(frame, kept, { box, include: [kept], exclude: [taken] })).toBeGreaterThan(0.9);
  });

  it("takes in what is added", async () => {
    const [one, other] = [{ row: 60, column: 50, radius: 15 }, { row: 60, column: 100, radius: 15 }];
    const frame = phantom(160, one, 20);
    for (const index of frame.values.keys()) if (isIn(other, index, 160)) frame.values[index] = 40;
    const both = await new RandomWalkerSegmenter().propose(frame, { box: null, include: [one, other], exclude: [] });
    for (const { row, column } of [one, other]) expect(both[row * 160 + column]).toBe(1);
    expect(both[60 * 160 + 75]).toBe(0);
  });
});
