import type { Geometry, Question, Scan } from "../src/types";

export function question(kind: Question["kind"], name: string, ...values: string[]): Question {
  return {
    name,
    to_name: "image",
    kind,
    required: false,
    options: values.map((value) => ({ value })),
  };
}

export function geometry(changes: Partial<Geometry> = {}): Geometry {
  return {
    dtype: "uint16", rows: 2, columns: 3, samples: 1, frame_count: 1, slope: 1, intercept: 0,
    window: null, inverted: false, spacing: null, slice_spacing: null, orientation: null,
    positions: null, modality: "", body_part: "", view: "", laterality: "", units: "",
    frame_seconds: null, smallest: 0, largest: 65535, ...changes,
  };
}

export function scan(id: number, frames: number, rows = 100, columns = 200): Scan {
  return {
    id,
    kind: frames > 1 ? "volume" : "image",
    frame_count: frames,
    rows,
    columns,
    geometry: geometry({ rows, columns, frame_count: frames }),
    frame_url: `/scans/${id}/frames/{frame}`,
  };
}
