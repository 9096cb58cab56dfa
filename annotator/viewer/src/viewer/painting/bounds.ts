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

/** The rectangle that holds every pixel for which `isSet` holds; null where there is none. */
export function extent(
  pixels: Uint8Array,
  columns: number,
  isSet: (value: number) => boolean = (value) => value !== 0,
): Bounds | null {
  let bounds: Bounds | null = null;
  for (let start = 0; start < pixels.length; start += columns) {
    const row = pixels.subarray(start, start + columns);
    const left = row.findIndex(isSet);
    if (left < 0) continue;
    const top = start / columns;
    const right = row.findLastIndex(isSet) + 1;
    bounds = union(bounds, { left, top, right, bottom: top + 1 });
  }
  return bounds;
}
