import "./style.css";

import { readBootstrap } from "./bootstrap";
import { Desk } from "./desk";
import { OneTab } from "./flow/onetab";
import type { Room } from "./flow/room";
import { t } from "./i18n";
import { returnFocus } from "./page/focus";

async function openRoom(root: HTMLElement): Promise<void> {
  const bootstrap = readBootstrap();
  const desk = new Desk(root, bootstrap);
  const room = await desk.open();
  returnFocus(root, desk.frame.stage);
  // Looking on takes the room from nobody.
  if (bootstrap.opened?.task.is_read_only) await room.start();
  else await readInOneTab(room, new OneTab(`scout-reading/${desk.owner}`));
}

/** Reads here unless another tab of the reader does; the reader may take over from either. */
async function readInOneTab(room: Room, tab: OneTab): Promise<void> {
  const readHere = (): void => void tab.takeOver().then(() => room.start());
  tab.onTaken = async () => {
    await room.standDown();
    room.showElsewhere(readHere);
  };
  if (await tab.enter()) await room.start();
  else room.showElsewhere(readHere);
}

const root = document.getElementById("reading-room");
if (root) {
  openRoom(root).catch((error: unknown) => {
    root.dataset["state"] = "error";
    root.textContent = `${t("The reading room could not be opened:")} ${String(error)}`;
  });
}
