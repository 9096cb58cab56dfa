/** Frame numbers from `start` outward, the later neighbour first: 5 → 5, 6, 4, 7, 3, … */
export function outward(start: number, count: number): number[] {
  const order: number[] = [];
  for (let away = 0; order.length < count; away += 1) {
    const later = start + away;
    const earlier = start - away;
    if (later < count) order.push(later);
    if (away > 0 && earlier >= 0) order.push(earlier);
  }
  return order;
}

/** Where a scan opens: a volume in its middle, an image at its one frame. */
export function openingFrame(frameCount: number): number {
  return Math.floor(frameCount / 2);
}
