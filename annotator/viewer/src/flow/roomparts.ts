import type { Frame } from "../page/frame";
import type { Notice } from "../page/notice";
import type { Panel } from "../page/panel";
import type { Asked, Question } from "../types";
import type { Regions } from "../viewer/regions";
import type { Screen } from "../viewer/screen";
import type { Ahead } from "./ahead";
import type { ReadingApi } from "./api";
import type { ReadingClock } from "./clock";
import type { Helping } from "./helping";
import type { Journal } from "./journal";
import type { Outbox } from "./outbox";

export type RoomState = "loading" | "ready" | "looking" | "submitting" | "empty" | "error" | "elsewhere";

/** What the room works with. */
export interface RoomParts {
  api: ReadingApi;
  journal: Journal;
  outbox: Outbox;
  ahead: Ahead;
  clock: ReadingClock;
  screen: Screen;
  regions: Regions;
  frame: Frame;
  panel: Panel;
  notice: Notice;
  /** null: in this project the model never helps. */
  help: Helping | null;
  questions: readonly Question[];
  asked: Asked;
}
