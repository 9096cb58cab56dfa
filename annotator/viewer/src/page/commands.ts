import type { Room } from "../flow/room";
import type { Cell } from "../viewer/cell";
import type { Regions } from "../viewer/regions";
import type { Screen } from "../viewer/screen";
import { CT_PRESETS } from "../viewer/windows";
import type { Help } from "./help";
import type { CommandName } from "./keys";
import type { Panel } from "./panel";
import type { SkipList } from "./skip";

/** Far enough to see, near enough to stop at. */
const KEY_DRAG = 12;
const KEY_ZOOM = 1.2;

export interface CommandParts {
  room: Room;
  screen: Screen;
  regions: Regions;
  panel: Panel;
  skip: SkipList;
  help: Help;
  stage: HTMLElement;
}

type Act = (parts: CommandParts) => void;

const onCell =
  (act: (cell: Cell) => void): Act =>
  ({ screen }) => {
    if (screen.active?.image) act(screen.active);
  };

const preset = (index: number): Act =>
  onCell((cell) => {
    const window = CT_PRESETS[index];
    if (window && cell.scan.geometry.modality === "CT") cell.setWindow(window);
  });

/** What each command does. */
export const ACTS: Record<CommandName, Act> = {
  submit: ({ room }) => void room.submit(),
  skip: ({ room, skip }) => {
    if (room.state === "ready") skip.open();
  },
  comment: ({ panel }) => panel.focusComment(),
  undo: ({ room }) => void room.undo(),
  help: ({ help }) => help.toggle(),
  cancel: ({ screen, regions, stage, room }) => {
    if (screen.active && screen.toolbox.cancel(screen.active)) return;
    regions.putDown();
    stage.focus({ preventScroll: true });
    room.refresh();
  },
  window: ({ screen }) => screen.toolbox.take("window"),
  zoom: ({ screen }) => screen.toolbox.take("zoom"),
  pan: ({ screen }) => screen.toolbox.take("pan"),
  scroll: ({ screen }) => screen.toolbox.take("scroll"),
  length: ({ screen }) => screen.toolbox.take("length"),
  eraser: ({ regions }) => regions.erase(),
  invert: onCell((cell) => cell.invert()),
  fit: onCell((cell) => cell.reset()),
  actual: onCell((cell) => cell.showActualSize()),
  measure: ({ panel, regions }) => {
    const length = regions.measured();
    if (length !== null) panel.numberField()?.put(Math.round(length * 10) / 10);
  },
  remove: ({ regions }) => regions.removeSelected(),
  later: onCell((cell) => cell.scroll(1)),
  earlier: onCell((cell) => cell.scroll(-1)),
  laterTen: onCell((cell) => cell.scroll(10)),
  earlierTen: onCell((cell) => cell.scroll(-10)),
  first: onCell((cell) => cell.scroll(-cell.scan.frame_count)),
  last: onCell((cell) => cell.scroll(cell.scan.frame_count)),
  brighter: onCell((cell) => cell.dragWindow(0, -KEY_DRAG)),
  darker: onCell((cell) => cell.dragWindow(0, KEY_DRAG)),
  wider: onCell((cell) => cell.dragWindow(KEY_DRAG, 0)),
  narrower: onCell((cell) => cell.dragWindow(-KEY_DRAG, 0)),
  closer: onCell((cell) => cell.zoomBy(KEY_ZOOM)),
  farther: onCell((cell) => cell.zoomBy(1 / KEY_ZOOM)),
  smallerBrush: ({ regions }) => regions.resizeBrush(-1),
  largerBrush: ({ regions }) => regions.resizeBrush(1),
  preset1: preset(0),
  preset2: preset(1),
  preset3: preset(2),
  preset4: preset(3),
  preset5: preset(4),
};
