import { describe, expect, it } from "vitest";

import { handlesOf, shapeOf, type Shape } from "../src/viewer/shapes";
import { simplified } from "../src/viewer/simplify";
import { sizeText } from "../src/viewer/sizes";
import { scan } from "./questions";

const size = { rows: 100, columns: 200 };

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function expectClose(one: Shape | undefined, other: Shape): void {
  expect(one?.kind).toBe(other.kind);
  for (const [key, value] of Object.entries(other)) {
    const got = (one as unknown as Record<string, unknown>)[key];
    if (typeof value === "number") expect(got, key).toBeCloseTo(value, 6);
  }
}

describe("a shape", () => {
  it("has the frame's edge half a pixel before its first centre", () => {
    expect(handlesOf({ kind: "point", x: 0, y: 100, width: 1 }, size)).toEqual([{ column: -0.5, row: 99.5 }]);
    const corners = [[20, 10], [60, 10], [20, 40], [60, 40]].map(([column, row]) => ({ column: (column ?? 0) - 0.5, row: (row ?? 0) - 0.5 }));
    expect(shapeOf("box", corners, size)).toEqual({ kind: "box", x: 10, y: 10, width: 20, height: 30, rotation: 0 });
  });

  it("comes back from its handles, whatever its turn", () => {
    const next = random(7);
    for (let turn = 0; turn < 200; turn += 1) {
      const rotation = 1 + next() * 88;
      const at = { x: 30 + next() * 40, y: 30 + next() * 40 };
      const box: Shape = { kind: "box", ...at, width: 5 + next() * 20, height: 5 + next() * 20, rotation: rotation + 90 * (turn % 4) };
      expectClose(shapeOf("box", handlesOf(box, size), size), box);
      const straight = rotation < 45 ? rotation : rotation + 270;
      const ellipse: Shape = { kind: "ellipse", ...at, radiusX: 2 + next() * 9, radiusY: 2 + next() * 9, rotation: straight };
      expectClose(shapeOf("ellipse", handlesOf(ellipse, size), size), ellipse);
    }
  });

  it("is one box from whichever corner it was drawn", () => {
    const [first, second, third, fourth] = handlesOf({ kind: "box", x: 10, y: 20, width: 30, height: 40, rotation: 0 }, size) as [never, never, never, never];
    const straight = { kind: "box", x: 10, y: 20, width: 30, height: 40, rotation: 0 } as const;
    for (const corners of [[second, first, fourth, third], [fourth, third, second, first], [third, fourth, first, second]]) {
      expectClose(shapeOf("box", corners, size), straight);
    }
  });

  it("stays in the frame", () => {
    expect(shapeOf("point", [{ column: -9, row: 300 }], size)).toMatchObject({ x: 0, y: 100 });
    const corners = [[-50, 20], [60, 20], [60, 900]].map(([column, row]) => ({ column, row })) as never;
    expect(shapeOf("polygon", corners, size)).toMatchObject({ points: [[0, 20.5], [30.25, 20.5], [30.25, 100]] });
  });

  it("that a click leaves is none", () => {
    const here = { column: 5, row: 5 };
    for (const kind of ["box", "ellipse", "polygon"] as const) {
      expect(shapeOf(kind, [here, here, here, here], size)).toBeUndefined();
    }
  });

  it("is measured in mm, or in pixels without spacing", () => {
    const place = { id: "a", question: "q", label: "l", item: 0 };
    const scanned = scan(1, 1);
    scanned.geometry.spacing = [0.5, 0.25];
    const box = { ...place, kind: "box", x: 0, y: 0, width: 50, height: 50, rotation: 0 } as const;
    expect(sizeText(box, scanned)).toBe("25.0 × 25.0 mm");
    expect(sizeText(box, scan(1, 1))).toBe("100 × 50.0 px");
    const outline = { ...place, kind: "polygon", points: [[0, 0], [50, 0], [50, 50], [0, 50]] } as const;
    expect(sizeText(outline, scanned)).toBe("625 mm²");
    const ellipse = { ...place, kind: "ellipse", x: 50, y: 50, radiusX: 25, radiusY: 25, rotation: 0 } as const;
    expect(sizeText(ellipse, scanned)).toBe("25.0 × 25.0 mm");
  });
});

describe("a traced line", () => {
  it("keeps the corners that it needs", () => {
    const line = Array.from({ length: 101 }, (_, at): [number, number, number] => [at, at <= 50 ? 0 : at - 50, 0]);
    expect(simplified(line, 0.5)).toEqual([[0, 0, 0], [50, 0, 0], [100, 50, 0]]);
  });
});
