type Point = [number, number, number];

/**
 * A line with the corners that it needs to stay within `slack` of what was traced.
 * Douglas and Peucker, 1973, doi:10.3138/FM57-6770-U75U-7727; without recursion, as lines are long.
 */
export function simplified(line: readonly Point[], slack: number): Point[] {
  const kept = new Set([0, line.length - 1]);
  const spans: [number, number][] = [[0, line.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    const farthest = farthestFrom(line, from, to);
    if (!farthest || farthest.distance <= slack) continue;
    kept.add(farthest.index);
    spans.push([from, farthest.index], [farthest.index, to]);
  }
  return line.filter((_, index) => kept.has(index));
}

function farthestFrom(
  line: readonly Point[],
  from: number,
  to: number,
): { index: number; distance: number } | undefined {
  let farthest: { index: number; distance: number } | undefined;
  for (let index = from + 1; index < to; index += 1) {
    const distance = distanceToSegment(line[index] as Point, line[from] as Point, line[to] as Point);
    if (!farthest || distance > farthest.distance) farthest = { index, distance };
  }
  return farthest;
}

function distanceToSegment(point: Point, from: Point, to: Point): number {
  const along = to.map((value, axis) => value - (from[axis] ?? 0));
  const away = point.map((value, axis) => value - (from[axis] ?? 0));
  const squared = along.reduce((sum, value) => sum + value ** 2, 0);
  const dot = along.reduce((sum, value, axis) => sum + value * (away[axis] ?? 0), 0);
  const share = squared === 0 ? 0 : Math.min(1, Math.max(0, dot / squared));
  return Math.hypot(...away.map((value, axis) => value - share * (along[axis] ?? 0)));
}
