/** Takes the pixels that can be reached from `start` by steps sideways over pixels equal to it. */
function flood(mask: Uint8Array, columns: number, start: number, taken: Uint8Array): number[] {
  const value = mask[start];
  const found = [start];
  taken[start] = 1;
  const reach = (index: number, isIn: boolean): void => {
    if (!isIn || taken[index] || mask[index] !== value) return;
    taken[index] = 1;
    found.push(index);
  };
  for (let at = 0; at < found.length; at += 1) {
    const index = found[at] as number;
    const column = index % columns;
    reach(index - 1, column > 0);
    reach(index + 1, column < columns - 1);
    reach(index - columns, index >= columns);
    reach(index + columns, index + columns < mask.length);
  }
  return found;
}

/** The mask with everything filled that its outside does not reach from the frame's edge. */
export function withoutHoles(mask: Uint8Array, columns: number): Uint8Array {
  const filled = new Uint8Array(mask.length).fill(1);
  const taken = new Uint8Array(mask.length);
  for (let index = 0; index < mask.length; index += 1) {
    const column = index % columns;
    const isEdge =
      column === 0 || column === columns - 1 || index < columns || index >= mask.length - columns;
    if (!isEdge || mask[index] || taken[index]) continue;
    for (const outside of flood(mask, columns, index, taken)) filled[outside] = 0;
  }
  return filled;
}

/** The connected parts that hold one of the pixels in `wanted`; the largest where none of them does. */
export function partsAt(mask: Uint8Array, columns: number, wanted: readonly number[]): Uint8Array {
  const taken = new Uint8Array(mask.length);
  const parts: number[][] = [];
  for (let at = mask.indexOf(1); at >= 0; at = mask.indexOf(1, at + 1)) {
    if (!taken[at]) parts.push(flood(mask, columns, at, taken));
  }
  const isWanted = new Set(wanted);
  const held = parts.filter((part) => part.some((index) => isWanted.has(index)));
  const largest = parts.reduce<number[]>((best, part) => (part.length > best.length ? part : best), []);
  const kept = new Uint8Array(mask.length);
  for (const part of held.length > 0 ? held : [largest]) for (const index of part) kept[index] = 1;
  return kept;
}
