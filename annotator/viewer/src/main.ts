import "./style.css";

import { COMMANDS, GROUPS } from "./commands";
import { MODEL } from "./commands/model";
import { Ahead } from "./flow/ahead";
import { CaseApi } from "./flow/case";
import { ReadingClock } from "./flow/clock";
import { Helping } from "./flow/helping";
import { send } from "./flow/http";
import { Journal } from "./flow/journal";
import { Keyboard } from "./flow/keyboard";
import { Outbox } from "./flow/outbox";
import { OneTab } from "./flow/onetab";
import { Prefetch } from "./flow/prefetch";
import { Room } from "./flow/room";
import { watchSitting } from "./flow/sitting";
import { t } from "./i18n";
import { Answering } from "./page/answering";
import { BrushBar } from "./page/brushbar";
import { CaseBox } from "./page/case";
import { returnFocus } from "./page/focus";
import { Frame } from "./page/frame";
import { Help } from "./page/help";
import { Keymap } from "./page/keymap";
import { type OptionKey, optionKeys } from "./page/keys";
import { Notice } from "./page/notice";
import { Panel } from "./page/panel";
import { placeOf } from "./page/places";
import { SkipList } from "./page/skip";
import { fillToolbar, followToggles } from "./page/toolbar";
import { readBootstrap } from "./bootstrap";
import { Cine } from "./viewer/cine";
import { Lens } from "./viewer/lens";
import { Regions } from "./viewer/regions";
import { Screen } from "./viewer/screen";

async function openRoom(root: HTMLElement): Promise<void> {
  const bootstrap = readBootstrap();
  const { opened, questions, urls } = bootstrap;
  const keys = optionKeys(questions);
  const taken = new Set(keys.map(({ key }) => key));
  const keymap = new Keymap(bootstrap.keys, taken);
  const act = (name: string): void => COMMANDS.find((command) => command.name === name)?.act(parts);

  const frame = new Frame(root, bootstrap, keymap, () => act("help"));
  frame.cover(t("Loading…"));
  root.dataset["state"] = "loading";
  const screen = new Screen(frame.stage, bootstrap.hanging);
  const regions = new Regions(screen, questions);
  const cine = new Cine();
  const lens = new Lens(frame.stage, () => screen.cells);
  const stageFocus = (): void => frame.stage.focus({ preventScroll: true });
  const keepKeys = async (keys: unknown): Promise<void> => {
    await send("PATCH", urls.preferences, { keys });
  };
  const helps = bootstrap.model_help !== "off";
  const groups = GROUPS.filter((group) => helps || group !== MODEL);
  const help = new Help(keymap, keepKeys, stageFocus, groups);
  const notice = new Notice();
  const skip = new SkipList((reason) => {
    skip.close();
    void room.skip(reason);
  }, stageFocus);
  const answering = new Answering(() => room, regions, () => panel);
  const panel: Panel = new Panel(questions, keys, regions.labels, {
    pick: (question, value) => answering.pick(question, value),
    enterNumber: (question, number) => answering.enterNumber(question, number),
    enterText: (question, text) => answering.enterText(question, text),
    showRegion: (region) => regions.show(region),
    removeRegion: (region) => regions.remove(region, room.sheet),
    comment: (text) => {
      room.comment = text;
      room.changed();
    },
    submit: () => act("submit"),
    skip: () => act("skip"),
    undo: () => act("takeBack"),
    placeOf: (region) => placeOf(region, room.task?.scans ?? []),
  }, keymap);
  panel.offerUndo(bootstrap.read > 0 && opened === null);
  const caseBox = opened && new CaseBox(opened, {
    look: ({ result, comment }) => room.look(result, comment),
    reason: (text) => (room.reason = text),
    back: () => void leaveCase(),
  });
  frame.side.append(notice.element, ...(caseBox ? [caseBox.element] : []), panel.element, skip.element);
  document.body.append(help.element);
  const hasMasks = questions.some(({ kind }) => kind === "masks");
  fillToolbar(frame.tools, screen.toolbox, keymap, hasMasks, act);
  keymap.printCaps();
  if (hasMasks) frame.stage.after(new BrushBar(regions.masks, stageFocus).element);
  regions.onSelect = () => room.refresh();
  regions.onRefused = () => notice.pass(t("Marks are kept on the slices as they were acquired: draw there."), "warning");
  screen.onSay = (text) => notice.pass(text);
  screen.onHung = () => model?.hung();
  regions.masks.onProblem = (text) => notice.pass(text, "warning");
  followToggles(frame.tools, frame.stage, {
    cine: () => cine.isRunning,
    magnify: () => lens.isOn,
    link: () => screen.isLinked,
    smooth: () => screen.active?.image !== undefined && !screen.active.isSmooth,
  });

  const api = new CaseApi(urls, opened, () => {
    caseBox?.element.remove();
    history.replaceState(null, "", urls.read);
  });
  const owner = `${bootstrap.reader_id}/${bootstrap.project.id}`;
  const journal = await Journal.open(owner);
  const outbox = new Outbox(api, journal);
  const ahead = new Ahead(api, outbox, new Prefetch());
  const clock = new ReadingClock(() => performance.now(), document.visibilityState === "visible");
  const own = { api, journal, outbox, ahead, clock, screen, regions, frame, panel, notice, questions };
  const model = helps ? new Helping(own, keymap, urls.task) : null;
  root.toggleAttribute("data-model-help", helps);
  const room = new Room({ ...own, help: model });
  const parts = { room, screen, regions, panel, skip, help, model, cine, lens, stage: frame.stage, urls };
  const leaveCase = async (): Promise<void> => {
    if (opened) {
      await room.standDown();
      await journal.dropDraft(opened.task.id);
      await api.forgetCorrection(opened.task.id).catch(() => undefined);
    }
    window.location.assign(opened?.task.corrects ? urls.answers : urls.worklist);
  };
  const pick = (option: OptionKey): void => {
    if (room.state !== "ready") return;
    const question = questions.find(({ name }) => name === option.question);
    if (question) answering.pick(question, option.value);
  };
  new Keyboard(keys, keymap, {
    option: pick,
    command: act,
    overlay: (press) => skip.isOpen && skip.press(press),
  });
  returnFocus(root, frame.stage);
  watchSitting(clock, room);
  // Looking on takes the room from nobody.
  if (opened?.task.is_read_only) await room.start();
  else await readInOneTab(room, new OneTab(`scout-reading/${owner}`));
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
