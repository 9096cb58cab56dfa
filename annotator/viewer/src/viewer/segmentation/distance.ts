/** Squared distance along one line: the lower envelope of parabolas. */
function transformLine(values: Float64Array, from: number, stride: number, count: number, step: number): void {
  const heights = Float64Array.from({ length: count }, (_, index) => values[from + index * stride] as number);
  const places = new Int32Array(count);
  const limits = new Float64Array(count + 1);
  const scale = step * step;
  let last = -1;
  for (let index = 0; index < count; index += 1) {
    const height = heights[index] as number;
    if (height === Infinity) continue;
    let limit = -Infinity;
    while (last >= 0) {
      const other = places[last] as number;
      const rise = height - (heights[other] as number) + scale * (index * index - other * other);
      limit = rise / (2 * scale * (index - other));
      if (limit > (limits[last] as number)) break;
      last -= 1;
      limit = -Infinity;
    }
    last += 1;
    places[last] = index;
    limits[last] = limit;
    limits[last + 1] = Infinity;
  }
  if (last < 0) return;
  for (let index = 0, at = 0; index < count; index += 1) {
    while ((limits[at + 1] as number) < index) at += 1;
    const place = places[at] as number;
    values[from + index * stride] = scale * (index - place) ** 2 + (heights[place] as number);
  }
}

/**
 * Euclidean distance, in mm, of every pixel's centre to the nearest pixel that is (or, `value` 0, is
 * not) set; Infinity where there is none. Exact, in linear time.
 * Source: Felzenszwalb and Huttenlocher, Distance transforms of sampled functions, 2012.
 */
function distances(
  mask: Uint8Array,
  rows: number,
  columns: number,
  spacing: readonly [number, number],
  value: 0 | 1,
): Float64Array {
  const values = Float64Array.from(mask, (pixel) => (pixel === value ? 0 : Infinity));
  for (let column = 0; column < columns; column += 1) {
    transformLine(values, column, columns, rows, spacing[0]);
  }
  for (let row = 0; row < rows; row += 1) {
    transformLine(values, row * columns, 1, columns, spacing[1]);
  }
  return values.map(Math.sqrt);
}

/**
 * Signed distance to a mask's outline: negative inside, positive outside, never 0.
 *
 * @param mask 1 where set, row-major; at least one pixel is set and one is not
 * @param spacing of rows and of columns
 */
export function signedDistance(
  mask: Uint8Array,
  rows: number,
  columns: number,
  spacing: readonly [number, number],
): Float64Array {
  const half = Math.min(...spacing) / 2;
  const outside = distances(mask, rows, columns, spacing, 1);
  const inside = distances(mask, rows, columns, spacing, 0);
  return outside.map((away, index) => (mask[index] ? half - (inside[index] as number) : away - half));
}
