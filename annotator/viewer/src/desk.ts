import { COMMANDS, GROUPS } from "./commands";
import type { CommandParts } from "./commands/command";
import { MODEL } from "./commands/model";
import { Ahead } from "./flow/ahead";
import { CaseApi } from "./flow/case";
import { ReadingClock } from "./flow/clock";
import { Helping } from "./flow/helping";
import { send } from "./flow/http";
import { Journal } from "./flow/journal";
import { Keyboard } from "./flow/keyboard";
import { Outbox } from "./flow/outbox";
import { Prefetch } from "./flow/prefetch";
import { Room } from "./flow/room";
import { watchSitting } from "./flow/sitting";
import { t } from "./i18n";
import { Answering } from "./page/answering";
import { BrushBar } from "./page/brushbar";
import { CaseBox } from "./page/case";
import { Frame } from "./page/frame";
import { Help } from "./page/help";
import { Keymap } from "./page/keymap";
import { type OptionKey, optionKeys } from "./page/keys";
import { Notice } from "./page/notice";
import { Panel } from "./page/panel";
import { placeOf } from "./page/places";
import { SkipList } from "./page/skip";
import { fillToolbar, followToggles } from "./page/toolbar";
import type { Bootstrap } from "./types";
import { Cine } from "./viewer/cine";
import { Lens } from "./viewer/lens";
import { PromptClicks } from "./viewer/promptclicks";
import { Regions } from "./viewer/regions";
import { Screen } from "./viewer/screen";

/** The parts of the page, each made once, and what each tells the others. */
export class Desk {
  readonly frame: Frame;
  private readonly keys: readonly OptionKey[];
  private readonly keymap: Keymap;
  private readonly screen: Screen;
  private readonly regions: Regions;
  private readonly cine = new Cine();
  private readonly lens: Lens;
  private readonly notice = new Notice();
  private readonly help: Help;
  private readonly skip: SkipList;
  private readonly answering: Answering;
  private readonly panel: Panel;
  private readonly caseBox: CaseBox | null;
  /** What commands act on: none before the room is open. */
  private parts: CommandParts | null = null;
  private journal: Journal | null = null;
  private api: CaseApi | null = null;

  constructor(root: HTMLElement, private readonly bootstrap: Bootstrap) {
    const { questions } = bootstrap;
    this.keys = optionKeys(questions);
    this.keymap = new Keymap(bootstrap.keys, new Set(this.keys.map(({ key }) => key)));
    this.frame = new Frame(root, bootstrap, this.keymap, () => this.act("help"));
    this.frame.cover(t("Loading…"));
    root.dataset["state"] = "loading";
    root.toggleAttribute("data-model-help", this.helps);
    this.screen = new Screen(this.frame.stage, bootstrap.hanging);
    this.regions = new Regions(this.screen, questions);
    this.lens = new Lens(this.frame.stage, () => this.screen.cells);
    this.help = this.newHelp();
    this.skip = new SkipList((reason) => {
      this.skip.close();
      void this.room.skip(reason);
    }, this.toStage);
    this.answering = new Answering(() => this.room, this.regions, () => this.panel);
    this.panel = this.newPanel();
    this.panel.offerUndo(bootstrap.may_undo && bootstrap.opened === null);
    this.caseBox = this.newCaseBox();
    this.lay();
    this.hold(true);
    this.listen();
  }

  /** What the reader's browser keeps is kept by this. */
  get owner(): string {
    return `${this.bootstrap.reader_id}/${this.bootstrap.project.id}`;
  }

  /** A room at this desk, in which reading can start. */
  async open(): Promise<Room> {
    const { asked, opened, questions, urls } = this.bootstrap;
    const { screen, regions, frame, panel, notice, skip, help, cine, lens } = this;
    const api = new CaseApi(urls, opened, () => {
      this.caseBox?.element.remove();
      history.replaceState(null, "", urls.read);
    });
    const journal = await Journal.open(this.owner);
    this.journal = journal;
    this.api = api;
    const outbox = new Outbox(api, journal);
    const ahead = new Ahead(api, outbox, new Prefetch());
    const clock = new ReadingClock(() => performance.now(), document.visibilityState === "visible");
    const own = { api, journal, outbox, ahead, clock, screen, regions, frame, panel, notice, questions, asked };
    const model = this.helps ? new Helping(own, this.keymap, urls.task) : null;
    const room = new Room({ ...own, help: model });
    this.parts = { room, screen, regions, panel, skip, help, model, cine, lens, stage: frame.stage, urls, opened };
    this.hold(false);
    screen.onHung = () => model?.hung();
    new Keyboard(this.keys, this.keymap, {
      option: (option) => this.pick(option),
      command: this.act,
      overlay: (press) => skip.isOpen && skip.press(press),
    });
    watchSitting(clock, room);
    return room;
  }

  private get room(): Room {
    if (!this.parts) throw new Error("Nothing is answered before the room is open.");
    return this.parts.room;
  }

  private get helps(): boolean {
    return this.bootstrap.model_help !== "off";
  }

  private readonly act = (name: string): void => {
    if (this.parts) COMMANDS.find((command) => command.name === name)?.act(this.parts);
  };

  private readonly toStage = (): void => this.frame.stage.focus({ preventScroll: true });

  /** Takes nothing in: there is no room yet that would keep it. */
  private hold(isHeld: boolean): void {
    this.panel.setBusy(isHeld);
    this.caseBox?.element.toggleAttribute("inert", isHeld);
  }

  private pick(option: OptionKey): void {
    if (this.room.state !== "ready") return;
    const question = this.bootstrap.questions.find(({ name }) => name === option.question);
    if (question) this.answering.pick(question, option.value);
  }

  private newHelp(): Help {
    const keep = async (keys: unknown): Promise<void> => {
      await send("PATCH", this.bootstrap.urls.preferences, { keys });
    };
    const groups = GROUPS.filter((group) => this.helps || group !== MODEL);
    return new Help(this.keymap, keep, this.toStage, groups);
  }

  private newPanel(): Panel {
    const { answering, regions } = this;
    return new Panel(this.bootstrap.questions, this.keys, regions.labels, {
      pick: (question, value) => answering.pick(question, value),
      enterNumber: (question, number) => answering.enterNumber(question, number),
      enterText: (question, text) => answering.enterText(question, text),
      showRegion: (region) => regions.show(region),
      removeRegion: (region) => regions.remove(region, this.room.sheet),
      comment: (text) => {
        this.room.comment = text;
        this.room.changed();
      },
      submit: () => this.act("submit"),
      skip: () => this.act("skip"),
      undo: () => this.act("takeBack"),
      placeOf: (region) => placeOf(region, this.room.task?.scans ?? []),
    }, this.keymap);
  }

  private newCaseBox(): CaseBox | null {
    const { opened, urls } = this.bootstrap;
    if (!opened) return null;
    return new CaseBox(opened, {
      look: ({ result, comment }) => this.room.look(result, comment),
      reason: (text) => (this.room.reason = text),
      back: () => void this.leave(opened.task.id, opened.task.corrects ? urls.answers : urls.worklist),
      step: this.act,
    }, this.keymap);
  }

  private async leave(task: number, url: string): Promise<void> {
    await this.room.standDown();
    await this.journal?.dropDraft(task);
    await this.api?.forgetCorrection(task).catch(() => undefined);
    window.location.assign(url);
  }

  private lay(): void {
    const { frame, panel, notice, skip, caseBox, keymap } = this;
    frame.side.append(notice.element, ...(caseBox ? [caseBox.element] : []), panel.element, skip.element);
    document.body.append(this.help.element);
    const hasMasks = this.bootstrap.questions.some(({ kind }) => kind === "masks");
    fillToolbar(frame.tools, this.screen.toolbox, keymap, hasMasks, this.act);
    keymap.printCaps();
    if (hasMasks) frame.stage.after(new BrushBar(this.regions.masks, this.toStage).element);
    followToggles(frame.tools, frame.stage, {
      cine: () => this.cine.isRunning,
      magnify: () => this.lens.isOn,
      link: () => this.screen.isLinked,
      smooth: () => this.screen.active?.image !== undefined && !this.screen.active.isSmooth,
    });
  }

  private listen(): void {
    const { screen, regions, notice } = this;
    // Before the keys are heard: what was clicked comes first.
    new PromptClicks(this.frame.stage, screen.toolbox);
    regions.onSelect = () => this.room.refresh();
    regions.onRefused = () => notice.pass(t("Marks are kept on the slices as they were acquired: draw there."), "warning");
    regions.masks.onProblem = (text) => notice.pass(text, "warning");
    screen.onSay = (text) => notice.pass(text);
  }
}
