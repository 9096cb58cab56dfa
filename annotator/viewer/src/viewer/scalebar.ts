/** The longest of 1, 2 or 5 times a power of ten that is not longer than `most`, in mm. */
export function scaleBarLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [5, 2, 1].find((step) => step * power <= most) ?? 1;
  return factor * power;
}

export function scaleBarText(length: number): string {
  return length >= 10 ? `${length / 10} cm` : `${length} mm`;
}
