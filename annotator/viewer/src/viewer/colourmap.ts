/**
 * Inferno, a map of even steps in lightness, so that a step of heat looks the same wherever it lies,
 * to colour-blind readers too (S. van der Walt and N. Smith, Matplotlib, CC0): every sixteenth of it.
 */
const INFERNO: readonly (readonly [red: number, green: number, blue: number])[] = [
  [0, 0, 4], [11, 7, 36], [33, 12, 74], [61, 9, 101], [87, 16, 110], [113, 25, 110],
  [138, 34, 106], [163, 44, 97], [188, 55, 84], [210, 70, 68], [228, 90, 49], [241, 115, 29],
  [249, 142, 9], [252, 172, 17], [249, 203, 53], [242, 234, 105], [252, 255, 164],
];

/** Red, green and blue of a heat from 0 to 1. */
export function heatColour(heat: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, heat)) * (INFERNO.length - 1);
  const below = Math.min(INFERNO.length - 2, Math.floor(at));
  const [from, to] = [INFERNO[below], INFERNO[below + 1]] as [readonly number[], readonly number[]];
  return [0, 1, 2].map((channel) => {
    const start = from[channel] ?? 0;
    return Math.round(start + ((to[channel] ?? 0) - start) * (at - below));
  }) as [number, number, number];
}

/**
 * A grey heat map as colours: where there is no heat the anatomy is left as it is, and the hotter a
 * place, the more of it is covered. `grey`: RGBA bytes with the heat in red.
 */
export function paintHeat(grey: Uint8ClampedArray): Uint8ClampedArray<ArrayBuffer> {
  const painted = new Uint8ClampedArray(grey.length);
  for (let at = 0; at < grey.length; at += 4) {
    const heat = (grey[at] ?? 0) / 255;
    const [red, green, blue] = heatColour(heat);
    painted[at] = red;
    painted[at + 1] = green;
    painted[at + 2] = blue;
    painted[at + 3] = Math.round(255 * Math.min(1, 2 * heat));
  }
  return painted;
}
