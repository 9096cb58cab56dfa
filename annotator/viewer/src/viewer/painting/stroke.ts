import type { Pixel } from "../plane";
import type { FrameSamples } from "../segmentation/segmenter";
import type { Layer } from "./layer";
import type { Motion } from "./pointer";
import { type Radius, sweep } from "./sweep";

/** What a stroke does to one layer. */
export interface Dab {
  layer: Layer;
  /** The segment that is painted; 0 erases. */
  segment: number;
  /** Whether a pixel that holds this segment is painted over, or erased. */
  takes: (segment: number, index: number) => boolean;
}

/** One stroke of the brush or the eraser, from press to release. */
export class Stroke implements Motion {
  private readonly before: readonly Uint8Array<ArrayBuffer>[];

  constructor(
    private readonly dabs: readonly Dab[],
    private readonly radius: Radius,
    private last: Pixel,
    private readonly hasChanged: () => void,
  ) {
    this.before = dabs.map(({ layer }) => layer.pixels.slice());
    this.move(last);
  }

  move(to: Pixel): void {
    for (const { layer, segment, takes } of this.dabs) {
      const { pixels } = layer;
      const bounds = sweep(layer.rows, layer.columns, this.last, to, this.radius, (index) => {
        if (takes(pixels[index] as number, index)) pixels[index] = segment;
      });
      if (bounds) layer.touch(bounds);
    }
    this.last = to;
    this.hasChanged();
  }

  end(): void {
    // Every move has been told already.
  }

  cancel(): void {
    for (const [index, { layer }] of this.dabs.entries()) layer.restore(this.before[index] as Uint8Array<ArrayBuffer>);
    this.hasChanged();
  }
}

/** Every channel's value at a pixel. */
export function valuesAt({ columns, samples, values }: FrameSamples, { column, row }: Pixel): number[] {
  const at = (Math.round(row) * columns + Math.round(column)) * samples;
  return Array.from({ length: samples }, (_, channel) => values[at + channel] as number);
}

/** Whether every channel of a pixel lies within `tolerance` of the values given. */
export function near(frame: FrameSamples, about: readonly number[], tolerance: number): (index: number) => boolean {
  const { samples, values } = frame;
  return (index) =>
    about.every((value, channel) => Math.abs((values[index * samples + channel] as number) - value) <= tolerance);
}
