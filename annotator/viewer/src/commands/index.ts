import { ANSWER } from "./answer";
import type { Command, CommandGroup } from "./command";
import { CT_WINDOWS, IMAGE } from "./image";
import { LAYOUT } from "./layout";
import { MARKS } from "./marks";
import { MASKS } from "./masks";
import { MODEL } from "./model";
import { SLICES } from "./slices";
import { WORKLISTS } from "./worklists";

/** Everything the reader can do, in the order of the list of keys. */
export const GROUPS: readonly CommandGroup[] = [ANSWER, IMAGE, SLICES, LAYOUT, CT_WINDOWS, MARKS, MASKS, MODEL, WORKLISTS];

export const COMMANDS: readonly Command[] = GROUPS.flatMap(({ commands }) => commands);
