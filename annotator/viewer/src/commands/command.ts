import type { Helping } from "../flow/helping";
import type { Room } from "../flow/room";
import type { Help } from "../page/help";
import type { Panel } from "../page/panel";
import type { SkipList } from "../page/skip";
import type { Bootstrap, Opened } from "../types";
import type { Cell } from "../viewer/cell";
import type { Cine } from "../viewer/cine";
import type { Lens } from "../viewer/lens";
import type { Regions } from "../viewer/regions";
import type { Screen } from "../viewer/screen";

/** What a command may act on. */
export interface CommandParts {
  room: Room;
  screen: Screen;
  regions: Regions;
  panel: Panel;
  skip: SkipList;
  help: Help;
  /** null: in this project the model never helps. */
  model: Helping | null;
  cine: Cine;
  lens: Lens;
  stage: HTMLElement;
  urls: Bootstrap["urls"];
  /** The task that was opened out of a list. */
  opened: Opened | null;
}

export type Act = (parts: CommandParts) => void;

/** Something that the reader can do, with the keys that do it. */
export interface Command {
  name: string;
  /**
   * As KeyboardEvent.key, a letter in lower case; before it "Ctrl+", "Alt+" and "Shift+" where they
   * are part of it, in this order.
   */
  keys: readonly string[];
  says: string;
  /** Done again and again while the key is held down. */
  repeats?: true;
  act: Act;
}

export interface CommandGroup {
  title: string;
  commands: readonly Command[];
}

/** An act on the cell in hand; nothing where no image is shown. */
export function onCell(act: (cell: Cell) => void): Act {
  return ({ screen }) => {
    if (screen.active?.image) act(screen.active);
  };
}
