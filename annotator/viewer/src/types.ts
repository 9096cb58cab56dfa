/** What the reading API sends and takes. Names are the server's. */

import type { Decisions } from "./answers/suggestions";
import type { Rule } from "./viewer/hanging";

export type SampleType = "uint8" | "int8" | "uint16" | "int16" | "float32";

/** The header of a scan's frame file; values are stored * slope + intercept, in `units`. */
export interface Geometry {
  dtype: SampleType;
  rows: number;
  columns: number;
  samples: 1 | 3;
  frame_count: number;
  slope: number;
  intercept: number;
  /** Centre and width, in modality units. */
  window: [number, number] | null;
  /** MONOCHROME1: the lowest value is shown white. */
  inverted: boolean;
  /** Row and column spacing, mm. */
  spacing: [number, number] | null;
  slice_spacing: number | null;
  /** Direction cosines of a row and of a column in patient coordinates (LPS). */
  orientation: number[] | null;
  /** Position of each frame's first pixel in patient coordinates (LPS), mm. */
  positions: number[][] | null;
  modality: string;
  body_part: string;
  view: string;
  laterality: string;
  units: string;
  frame_seconds: number | null;
  // What follows is absent from scans that were taken in before it was kept.
  /** Every window that the file names: centre, width and name, which may be empty. */
  windows?: [number, number, string][] | null;
  /** Where rows and columns run to in a projection, such as ["L", "F"]. */
  patient_orientation?: [string, string] | null;
  /** What a projection's spacing measures; empty where the file does not tell. */
  spacing_kind?: "" | "detector" | "calibrated" | "film";
  kvp?: number | null;
  exposure_mas?: number | null;
  /** mm */
  slice_thickness?: number | null;
  smallest: number;
  largest: number;
}

export interface Scan {
  id: number;
  kind: "image" | "volume";
  frame_count: number;
  rows: number;
  columns: number;
  geometry: Geometry;
  /** Holds `{frame}` where the frame's number goes. */
  frame_url: string;
  /** Of a prior: how long before the current study. Null for the current one's scans. */
  prior_days?: number | null;
}

export interface Draft {
  result: ResultItem[];
  comment: string;
  lead_time: number;
  /** What became of the model's suggestions. */
  decisions?: Decisions;
  version: number;
}

/** The frame to be seen first; both numbers from 0. */
interface OpensAt {
  /** Position among the task's scans. */
  scan: number;
  /** Number in the scan. */
  frame: number;
}

/** One answer or mark of a model. */
export interface ModelEntry extends ResultItem {
  model_version: string;
  /** The probability that it is right, where the model gave one. */
  score?: number | null;
  /** Each option's probability, by stored value; of a number its standard deviation. */
  meta?: { probabilities?: Record<string, number>; deviation?: number };
}

/** Which heat map is asked for. */
export interface HeatAsked {
  question: string;
  /** A class; empty for a number. */
  answer: string;
  /** Position among the task's scans. */
  scan: number;
  frame: number;
}

/** What models say of a task. */
export interface ModelSays {
  result: ModelEntry[];
  decisions?: Decisions;
}

export interface Task {
  id: number;
  project: number;
  scans: Scan[];
  draft: Draft | null;
  /** null: each scan opens in its middle. */
  opens_at: OpensAt | null;
  /** null: nothing is shown before the answer is given. */
  model?: ModelSays | null;
  claim: { expires_at: string; is_ahead: boolean };
  /** How many tasks this reader has submitted in the project. */
  read: number;
  /** Whether the latest answer can be taken back. */
  may_undo: boolean;
  /** Opened out of a list: the answer that is corrected, and whether it is only looked at. */
  corrects?: number | null;
  is_read_only?: boolean;
}

/** One of the answers that a reader gave to a task, one after the other. */
export interface Version {
  id: number;
  result: ResultItem[];
  comment: string;
  created_at: string;
  was_cancelled: boolean;
  skip_reason: string;
  correction_reason: string;
  is_after_model: boolean;
}

/** A reader's answer to a task; the newest version first, which is the one that counts. */
export interface GivenAnswer {
  reader: string;
  versions: Version[];
}

/** A task that was opened out of a list. */
export interface Opened {
  task: Task;
  answers: GivenAnswer[];
  /** The list's address, as it was left, and those of the tasks beside this one in it. */
  list: string;
  before: string | null;
  after: string | null;
}

export interface NextReply {
  task: Task | null;
  reason?: string;
}

export interface AnnotationReply {
  id: number;
  task: number;
  unique_id: string;
  /** Why the task came, which its reader may know now. */
  why: string;
  next: NextReply;
}

/** The choices and labels of which silence says that they are not there, by question. */
export type Asked = Readonly<Record<string, readonly string[]>>;

export interface Submission {
  result: ResultItem[];
  lead_time: number;
  comment: string;
  unique_id: string;
  was_cancelled: boolean;
  skip_reason: string;
  /** What this page asks; left out by pages from before it was sent. */
  asked?: Asked;
  decisions?: Decisions;
  /** The earlier answer in whose place this one stands, and why it is given. */
  corrects?: number;
  reason?: string;
}

export interface Option {
  value: string;
  alias?: string | null;
  hotkey?: string | null;
  background?: string | null;
}

export type QuestionKind =
  | "single"
  | "multiple"
  | "number"
  | "rating"
  | "text"
  | RegionKind;

/** Questions that are answered by marks on the image. */
export type RegionKind = "points" | "boxes" | "ellipses" | "polygons" | "masks";

export interface Question {
  name: string;
  to_name: string;
  kind: QuestionKind;
  options: Option[];
  required: boolean;
  title?: string | null;
  minimum?: number | null;
  maximum?: number | null;
  step?: number | null;
  /** Asked of each mark, not of the task; of those that `when_labels` and `when_tag` name. */
  per_region?: boolean;
  when_labels?: readonly string[];
  when_tag?: string | null;
}

/** One entry of Label Studio's result JSON. */
export interface ResultItem {
  id: string;
  from_name: string;
  to_name: string;
  type: string;
  value: Record<string, unknown>;
  original_width?: number;
  original_height?: number;
  image_rotation?: number;
  item_index?: number;
}

export interface Bootstrap {
  project: { id: number; title: string };
  /** The rules that say which scans stand beside which. */
  hanging: Rule[];
  questions: Question[];
  /** What the questions ask, sent back with each answer: the label config may change meanwhile. */
  asked: Asked;
  model_help: "off" | "after" | "before";
  reader: string;
  reader_id: number;
  /** The reader's own keys, by command. */
  keys: Record<string, string[]>;
  /** Whether this reader's latest answer can be taken back. */
  may_undo: boolean;
  opened: Opened | null;
  urls: {
    next: string;
    ahead: string;
    undo: string;
    annotations: string;
    corrections: string;
    draft: string;
    correction_draft: string;
    model: string;
    task: string;
    explanation: string;
    preferences: string;
    leave: string;
    read: string;
    worklist: string;
    answers: string;
  };
}
