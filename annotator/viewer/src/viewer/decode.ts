import type { Geometry } from "../types";
import { modalityValues, type ShownSamples, storedSamples, valueRange } from "./pixels";
import { percentileWindow, type Window } from "./windows";

/** A frame as the image loader needs it. */
export interface DecodedFrame {
  /** In modality units, row-major, colour interleaved. */
  values: ShownSamples;
  low: number;
  high: number;
  /** The window it opens with. */
  window: Window;
}

/** The stored samples of one frame, made ready; throws RangeError where the bytes do not fit. */
export function decodeFrame(bytes: ArrayBuffer, geometry: Geometry): DecodedFrame {
  const values = modalityValues(storedSamples(bytes, geometry), geometry);
  return { values, ...valueRange(values), window: frameWindow(geometry, values) };
}

/** The header's window; without one, by percentiles; colour is shown as it is. */
export function frameWindow({ window, samples }: Geometry, values: ShownSamples): Window {
  if (samples === 3) return { center: 128, width: 256 };
  return window ? { center: window[0], width: window[1] } : percentileWindow(values);
}
