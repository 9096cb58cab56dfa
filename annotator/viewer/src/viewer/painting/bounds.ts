/** A rectangle of pixels, its right and lower ends exclusive. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function union(one: Bounds | null, other: Bounds | null): Bounds | null {
  if (!one || !other) return one ?? other;
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/** The bounds, `by` pixels larger on every side and cut off at the frame's edges. */
export function widened(bounds: Bounds, by: number, rows: number, columns: number): Bounds {
  return {
    left: Math.max(0, bounds.left - by),
    top: Math.max(0, bounds.top - by),
    right: Math.min(columns, bounds.right + by),
    bottom: Math.min(rows, bounds.bottom + by),
  };
}

/** The rectangle that holds every pixel that is not 0; null where there is none. */
export function extent(pixels: Uint8Array, columns: number): Bounds | null {
  let [left, top, right, bottom] = [columns, -1, 0, 0];
  for (let row = 0, start = 0; start < pixels.length; row += 1, start += columns) {
    const end = start + columns;
    let first = start;
    while (first < end && pixels[first] === 0) first += 1;
    if (first === end) continue;
    let last = end - 1;
    while (pixels[last] === 0) last -= 1;
    if (top < 0) top = row;
    bottom = row + 1;
    left = Math.min(left, first - start);
    right = Math.max(right, last - start + 1);
  }
  return top < 0 ? null : { left, top, right, bottom };
}
