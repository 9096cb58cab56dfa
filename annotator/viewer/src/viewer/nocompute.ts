/**
 * Stands in for the module of Cornerstone that starts its worker for statistics of segmentations,
 * which the reading page never asks for: the worker's bundle alone would be as large as the page's.
 */
export function registerComputeWorker(): never {
  throw new Error("The reading page computes no statistics of segmentations.");
}
