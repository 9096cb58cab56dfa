import type { Bounds } from "../painting/bounds";
import type { ShownSamples } from "../pixels";
import type { Pixel } from "../plane";

/** One frame as it is shown: modality values, row-major, colour interleaved. */
export interface FrameSamples {
  rows: number;
  columns: number;
  samples: 1 | 3;
  values: ShownSamples;
}

/** What the reader has pointed at, in pixels of the frame. At least a box or one pixel to include. */
export interface Prompts {
  /** Nothing outside belongs to the structure. */
  box: Bounds | null;
  include: readonly Pixel[];
  exclude: readonly Pixel[];
}

/**
 * Proposes the outline of a structure. The seam for models: whatever answers with one byte a pixel
 * (1 where the structure is, row-major) can stand here, a promptable network in the browser or on
 * the server as well as the random walker that needs no weights. It must keep no hold of `frame`, and
 * answer within about a second; it rejects with a message for the reader.
 */
export interface Segmenter {
  propose(frame: FrameSamples, prompts: Prompts): Promise<Uint8Array>;
}
