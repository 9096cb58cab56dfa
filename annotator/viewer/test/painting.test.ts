import { describe, expect, it } from "vitest";

import { decodeMask, encodeMask } from "../src/answers/rle";
import type { RegionLabel } from "../src/viewer/labels";
import { Layers } from "../src/viewer/painting/layers";
import { palette, raster } from "../src/viewer/painting/raster";
import { sweep } from "../src/viewer/painting/sweep";
import { slicesBetween } from "../src/viewer/segmentation/between";
import { signedDistance } from "../src/viewer/segmentation/distance";
import { withoutHoles } from "../src/viewer/segmentation/parts";
import { scan } from "./questions";

function label(question: string, value: string, segment: number): RegionLabel {
  return { question, value, segment, kind: "masks", text: value, colour: "#56b4e9" };
}

const lesion = label("finding", "Lesion", 1);
const cyst = label("finding", "Cyst", 2);
const organ = label("organ", "Liver", 3);

/** [rows, columns] with rows written as strings; anything but a point is set. */
function drawn(...rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(""), (sign) => Number(sign !== "."));
}

describe("a stroke", () => {
  const stroke = (from: number[], to: number[], columns: number, rows = columns): number[] => {
    const [row = 0, column = 0] = from;
    const found: number[] = [];
    const end = { row: to[0] ?? 0, column: to[1] ?? 0 };
    sweep(5, 7, { row, column }, end, { columns, rows }, (index) => found.push(index));
    return found;
  };

  it("takes the pixels whose centres the brush covers", () =>
    expect(stroke([2, 3], [2, 3], 1)).toEqual([10, 16, 17, 18, 24]));

  it("leaves no gap on its way", () => expect(stroke([2, 0], [2, 6], 0.5)).toEqual([14, 15, 16, 17, 18, 19, 20]));

  it("is never empty on the frame", () => expect(stroke([2.4, 3.4], [2.4, 3.4], 0.1)).toEqual([17]));

  it("is round in mm where pixels are not square", () =>
    expect(stroke([2, 3], [2, 3], 2, 1)).toEqual([10, 15, 16, 17, 18, 19, 24]));

  it("is cut off at the frame's edge", () => {
    expect(stroke([0, 0], [-3, -3], 1)).toEqual([0, 1, 7]);
    expect(stroke([-9, -9], [-9, -9], 2)).toEqual([]);
  });
});

describe("painted masks", () => {
  const volume = scan(7, 3, 4, 5);

  function paint(layers: Layers, item: number, { question, segment }: RegionLabel, ...pixels: number[]): void {
    const layer = layers.at(item, question);
    for (const pixel of pixels) {
      if (layer) layer.pixels[pixel] = segment;
    }
    layer?.touch({ left: 0, top: 0, right: 5, bottom: 4 });
  }

  it("of one question exclude each other, of two questions overlap", () => {
    const layers = new Layers([lesion, cyst, organ]);
    layers.load([volume], []);
    paint(layers, 1, lesion, 6, 7, 8);
    paint(layers, 1, cyst, 8, 9);
    paint(layers, 1, organ, 7, 8);
    const masks = layers.masks([]);
    expect(masks.map(({ label: name, item }) => [name, item])).toEqual([["Lesion", 1], ["Cyst", 1], ["Liver", 1]]);
    const pixels = masks.map(({ rle }) => [...decodeMask(rle).keys()].filter((at) => decodeMask(rle)[at]));
    expect(pixels).toEqual([[6, 7], [8, 9], [7, 8]]);
  });

  it("come back with their numbers and whatever else the sheet says of them", () => {
    const layers = new Layers([lesion, cyst, organ]);
    layers.load([volume], []);
    paint(layers, 2, lesion, 3);
    const [first] = layers.masks([]);
    const sheet = [{ ...first!, meta: "margin unclear" }];
    paint(layers, 2, lesion, 4);
    const [second] = layers.masks(sheet);
    expect(second).toEqual({ ...first, meta: "margin unclear", rle: encodeMask(Uint8Array.from({ length: 20 }, (_, at) => Number(at === 3 || at === 4))) });
  });

  it("that are shown already are left alone when a snapshot is loaded", () => {
    const layers = new Layers([lesion, cyst, organ]);
    layers.load([volume], []);
    paint(layers, 0, lesion, 3);
    const before = layers.masks([]);
    paint(layers, 2, lesion, 4);
    layers.masks([]);
    const [kept, changed] = [layers.at(0, "finding")!, layers.at(2, "finding")!];
    const versions = [kept.version, changed.version];
    const [same] = layers.masks(before);
    expect(same).toBe(before[0]);
    layers.load([volume], before);
    expect([kept.version, changed.version]).toEqual([versions[0], versions[1]! + 1]);
    expect(layers.masks([])).toEqual(before);
  });

  it("of another task are gone", () => {
    const layers = new Layers([lesion]);
    layers.load([volume], []);
    paint(layers, 0, lesion, 3);
    layers.load([scan(8, 3, 4, 5)], []);
    expect(layers.masks([])).toEqual([]);
  });

  it("keep the code of a draft until they are painted on", () => {
    const layers = new Layers([lesion, cyst]);
    const code = encodeMask(drawn(".....", ".##..", ".....", "....."));
    const masks = [
      { id: "a", question: "finding", label: "Lesion", item: 0, rle: code },
      { id: "b", question: "finding", label: "Cyst", item: 0, rle: code },
    ];
    layers.load([volume], masks);
    expect(layers.masks(masks)).toEqual(masks);
    paint(layers, 0, cyst, 19);
    expect(layers.masks(masks).map(({ id }) => id)).toEqual(["b"]);
  });
});

describe("a plane through a volume", () => {
  it("shows the paint of the slices it cuts", () => {
    const volume = scan(7, 3, 4, 5);
    const geometry = { spacing: [1, 1] as [number, number], orientation: [1, 0, 0, 0, 1, 0] };
    Object.assign(volume.geometry, geometry, { positions: [[0, 0, 0], [0, 0, 2], [0, 0, 4]] });
    // Coronal through row 2, from the upper slice to the lower, patient's left to the right.
    const coronal = { ...scan(99, 4, 3, 5), frame_url: volume.frame_url };
    const positions = [0, 1, 2, 3].map((row) => [0, row, 4]);
    Object.assign(coronal.geometry, { spacing: [2, 1], orientation: [1, 0, 0, 0, 0, -1], positions });
    const layers = new Layers([lesion]);
    layers.load([volume], []);
    for (const [item, pixel] of [[0, 2 * 5 + 1], [1, 2 * 5 + 2], [2, 1 * 5 + 3]] as const) {
      const layer = layers.at(item, "finding")!;
      layer.pixels[pixel] = 1;
      layer.touch({ left: 0, top: 0, right: 5, bottom: 4 });
    }
    const [shown] = layers.cut(coronal, 2);
    expect(shown!.pixels).toEqual(drawn(".....", "..#..", ".#..."));
    expect(layers.cut(scan(98, 4, 3, 5), 2)).toEqual([]);
  });
});

describe("the code of a mask", () => {
  it("is the same within the rows that hold it", () => {
    for (let round = 0; round < 200; round += 1) {
      const pixels = Uint8Array.from({ length: 600 }, (_, at) => (at < 200 || at >= 400 ? 0 : Math.floor(Math.abs(Math.sin(at * (round + 1))) * 3)));
      const [whole, part] = [encodeMask(pixels, 2), encodeMask(pixels, 2, { from: 200, to: 400 })];
      expect(part).toEqual(whole);
      expect(decodeMask(whole)).toEqual(pixels.map((pixel) => Number(pixel === 2)));
    }
  });
});

describe("slices between two painted ones", () => {
  const size = 101;
  const disc = (radius: number, row = 50, column = 50): Uint8Array =>
    Uint8Array.from({ length: size * size }, (_, at) =>
      Number((Math.floor(at / size) - row) ** 2 + ((at % size) - column) ** 2 <= radius ** 2));
  const agreement = (one: Uint8Array, other: Uint8Array): number => {
    const both = one.filter((value, at) => value && other[at]).length;
    return (2 * both) / (one.filter(Boolean).length + other.filter(Boolean).length);
  };

  it("make a cone of two discs", () => {
    const between = slicesBetween(disc(30), disc(10), size, 3, [1, 1]);
    expect(between).toHaveLength(3);
    for (const [index, radius] of [25, 20, 15].entries()) {
      expect(agreement(between[index]!, disc(radius))).toBeGreaterThan(0.98);
    }
  });

  it("are the shape itself between two equal ones", () => {
    const shape = disc(17);
    expect(slicesBetween(shape, shape, size, 2, [1, 1])).toEqual([shape, shape]);
  });

  it("follow a structure that runs obliquely", () => {
    const [between] = slicesBetween(disc(8, 20, 20), disc(8, 80, 60), size, 1, [1, 1]);
    expect(agreement(between!, disc(8, 50, 40))).toBe(1);
  });

  it("are none where one is empty", () => expect(slicesBetween(disc(5), new Uint8Array(size * size), size, 2, [1, 1])).toEqual([]));
});

describe("the distance to an outline", () => {
  it("is exact, in mm, negative inside", () => {
    const mask = drawn(".....", ".###.", ".###.", ".###.", ".....");
    const distance = signedDistance(mask, 5, 5, [2, 1]);
    expect(distance[0]).toBeCloseTo(Math.sqrt(5) - 0.5);
    expect(distance[12]).toBeCloseTo(0.5 - 2);
    expect(distance[2]).toBeCloseTo(1.5);
  });
});

describe("the picture of a layer", () => {
  it("has its labels' colours, outlines that are nearly opaque, and nothing beside them", () => {
    const pixels = drawn("......", ".####.", ".####.", ".####.", "......");
    const frame = { pixels: Uint8Array.from(pixels), rows: 5, columns: 6 };
    const words = raster(frame, { left: 1, top: 1, right: 6, bottom: 3 }, palette([lesion]), 1);
    const [inside, outline] = [96, 230].map((alpha) => ((alpha << 24) | 0xe9b456) >>> 0);
    expect([...words]).toEqual([outline, outline, outline, outline, 0, outline, inside, inside, outline, 0]);
  });
});

describe("holes", () => {
  it("are filled, bays are not", () => {
    const mask = drawn("#####.", "#...#.", "###.#.", "#.#.##", "#.####");
    expect(withoutHoles(mask, 6)).toEqual(drawn("#####.", "#####.", "#####.", "#.####", "#.####"));
  });
});
