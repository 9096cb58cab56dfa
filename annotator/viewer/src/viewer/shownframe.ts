import { Enums, type StackViewport, type Types } from "@cornerstonejs/core";

import type { ShownSamples } from "./pixels";
import type { Look } from "./resampling";
import type { FrameSamples } from "./segmentation/segmenter";

/** The values of the frame in a viewport; null while it shows none. */
export function samplesOf(viewport: StackViewport): FrameSamples | null {
  const image = viewport.getCornerstoneImage() as Types.IImage | undefined;
  if (!image) return null;
  const { rows, columns, numberOfComponents } = image;
  return { rows, columns, samples: numberOfComponents === 3 ? 3 : 1, values: image.getPixelData() as ShownSamples };
}

/** How a viewport turns values into greys or colours. */
export function lookOf(viewport: StackViewport): Look {
  const { voiRange, invert = false, interpolationType } = viewport.getProperties();
  return {
    range: voiRange ?? { lower: 0, upper: 255 },
    inverted: invert,
    smooth: interpolationType !== Enums.InterpolationType.NEAREST,
  };
}
