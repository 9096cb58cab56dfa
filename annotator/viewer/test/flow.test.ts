import { beforeEach, describe, expect, it, vi } from "vitest";

import type { ReadingApi } from "../src/flow/api";
import { CaseApi } from "../src/flow/case";
import { fetchOrder } from "../src/flow/fetchorder";
import { ApiError } from "../src/flow/http";
import type { Journal, JournalledSubmission } from "../src/flow/journal";
import { OneTab } from "../src/flow/onetab";
import { Outbox } from "../src/flow/outbox";
import { Strokes } from "../src/flow/strokes";
import type { AnnotationReply, Bootstrap, Opened, Scan, Submission, Task } from "../src/types";
import { decodeFrame } from "../src/viewer/decode";
import { register } from "../src/viewer/registry";
import { geometry, scan } from "./questions";

function task(id: number, ...scans: Scan[]): Task {
  scans.forEach(register);
  const claim = { expires_at: "2030-01-01T00:00:00Z", is_ahead: false };
  return { id, project: 1, scans, draft: null, opens_at: null, claim, read: 0, may_undo: false };
}

function submission(unique_id: string): Submission {
  return { unique_id, result: [], lead_time: 1, comment: "", was_cancelled: false, skip_reason: "" };
}

/** A journal in memory. */
class Kept {
  entries: JournalledSubmission[] = [];
  drafts = new Map<number, unknown>();
  isFull = false;

  submissions = async (): Promise<JournalledSubmission[]> => [...this.entries];

  async keepSubmission(number: number, sent: Submission, sequence: number) {
    const entry = { unique_id: sent.unique_id, owner: "1/1", task: number, submission: sent, sequence };
    if (!this.isFull) this.entries.push(entry);
    return { entry, isKept: !this.isFull };
  }

  async dropSubmission(id: string): Promise<void> {
    this.entries = this.entries.filter(({ unique_id }) => unique_id !== id);
  }

  draft = async (): Promise<undefined> => undefined;
  dropDraft = async (): Promise<void> => undefined;

  async keepDraft(number: number, draft: unknown): Promise<boolean> {
    this.drafts.set(number, draft);
    return true;
  }
}

type Answer = (task: number) => Promise<AnnotationReply>;

function made(answer: Answer) {
  const sent: string[] = [];
  const journal = new Kept();
  const api = {
    submit: (number: number, { unique_id }: Submission) => {
      sent.push(unique_id);
      return answer(number);
    },
  };
  const outbox = new Outbox(api as unknown as ReadingApi, journal as unknown as Journal);
  return { outbox, journal, sent };
}

const reply = async (number: number): Promise<AnnotationReply> => ({
  id: number, task: number, unique_id: "", why: "", next: { task: null, reason: `after ${number}` },
});

describe("the outbox", () => {
  beforeEach(() => void vi.useFakeTimers());

  it("sends in the order of the answers, and each once, however often the line fails", async () => {
    let failures = 3;
    const { outbox, journal, sent } = made((number) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new TypeError("no network")) : reply(number);
    });
    const states: [number, boolean][] = [];
    outbox.onState = (unsent, isOffline) => void states.push([unsent, isOffline]);
    for (const id of ["z", "a", "m"]) await outbox.add(1, submission(id));
    expect(journal.entries.map(({ unique_id, sequence }) => [unique_id, sequence])).toEqual([
      ["z", 1], ["a", 2], ["m", 3],
    ]);
    await vi.advanceTimersByTimeAsync(500);
    expect(states.at(-1)).toEqual([3, true]);
    expect(outbox.isWaiting).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual(["z", "z", "z", "z", "a", "m"]);
    expect(journal.entries).toEqual([]);
    expect(states.at(-1)).toEqual([0, false]);
  });

  it("takes up what an earlier sitting left, lowest first", async () => {
    const { outbox, journal, sent } = made(reply);
    await journal.keepSubmission(5, submission("left"), 7);
    expect(await outbox.resume()).toBe(1);
    await outbox.add(6, submission("new"));
    expect((await outbox.settled())?.reason).toBe("after 6");
    expect(sent).toEqual(["left", "new"]);
  });

  it("makes a refused answer a draft again, and sends the others", async () => {
    const refuse = new ApiError(400, "No such choice.");
    const { outbox, journal, sent } = made((number) => (number === 1 ? Promise.reject(refuse) : reply(number)));
    const refused = vi.fn();
    outbox.onRefused = refused;
    await outbox.add(1, submission("a"));
    await outbox.add(2, submission("b"));
    await outbox.settled();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(["a", "b"]);
    expect(journal.entries).toEqual([]);
    expect(journal.drafts.get(1)).toMatchObject({ result: [], version: 1 });
    expect(refused).toHaveBeenCalledOnce();
    expect([outbox.takeRefusal(), outbox.takeRefusal()]).toEqual(["No such choice.", null]);
  });

  it("keeps everything when the session ends, until the reader is back", async () => {
    let isOver = true;
    const { outbox, journal } = made((number) => (isOver ? Promise.reject(new ApiError(401, "Over.")) : reply(number)));
    const ended = vi.fn();
    outbox.onSessionEnd = ended;
    await outbox.add(1, submission("a"));
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).toHaveBeenCalledOnce();
    expect(journal.entries).toHaveLength(1);
    isOver = false;
    await outbox.resume();
    await outbox.settled();
    expect(journal.entries).toEqual([]);
  });

  it("sends nothing more once another tab has taken over", async () => {
    const { outbox, journal, sent } = made(() => Promise.reject(new TypeError("no network")));
    await outbox.add(1, submission("a"));
    await vi.advanceTimersByTimeAsync(0);
    outbox.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual(["a"]);
    expect(journal.entries).toHaveLength(1);
  });

  it("says where this computer could not keep an answer", async () => {
    const { outbox, journal } = made(reply);
    journal.isFull = true;
    expect(await outbox.add(1, submission("a"))).toBe(false);
    expect((await outbox.settled())?.reason).toBe("after 1");
  });
});

describe("frames", () => {
  const image = (id: number): Task => task(id, scan(id, 1));
  const volume = (id: number, frames: number, opens?: number): Task => ({
    ...task(id, scan(id, frames)),
    opens_at: opens === undefined ? null : { scan: 0, frame: opens },
  });

  it("are fetched for the task in hand, then for the two ahead, in order", () => {
    expect(fetchOrder(image(1), [image(2), image(3)])).toEqual(["scout:1/0", "scout:2/0", "scout:3/0"]);
  });

  it("of a volume come from the slice the model suggests outward", () => {
    expect(fetchOrder(volume(1, 5, 1), [])).toEqual([1, 2, 0, 3, 4].map((frame) => `scout:1/${frame}`));
    expect(fetchOrder(volume(1, 5), [])[0]).toBe("scout:1/2");
  });

  it("of a long volume let the first sight of what follows pass", () => {
    const order = fetchOrder(volume(1, 100), [volume(2, 9), image(3)]);
    expect(order.slice(32, 34)).toEqual(["scout:2/4", "scout:3/0"]);
    expect(order.slice(34, 102).every((id) => id.startsWith("scout:1/"))).toBe(true);
    expect(order.slice(102).every((id) => id.startsWith("scout:2/"))).toBe(true);
    expect(new Set(order).size).toBe(110);
  });

  it("of several scans take turns", () => {
    const both = task(1, scan(1, 3), scan(2, 2));
    expect(fetchOrder(both, [])).toEqual(["scout:1/1", "scout:2/1", "scout:1/2", "scout:2/0", "scout:1/0"]);
  });

  it("are no more than memory allows", () => {
    const ct = (id: number): Task => task(id, scan(id, 300, 512, 512));
    const order = fetchOrder(ct(1), [ct(2), ct(3)]);
    // A whole chest of two bytes a pixel takes 150 MB: all three are held.
    expect(order).toHaveLength(900);
    const larger = (id: number): Task => task(id, scan(id, 1000, 1024, 1024));
    const count = (id: number): number =>
      fetchOrder(larger(1), [larger(2)]).filter((one) => one.startsWith(`scout:${id}/`)).length;
    expect([count(1), count(2)]).toEqual([384, 160]);
  });

  it("are decoded with their range and window", () => {
    const bytes = new Int16Array([0, 10, 20, 30, 40, 50]).buffer;
    const told = geometry({ dtype: "int16", slope: 2, intercept: -100, smallest: 0, largest: 50, window: [40, 400] });
    const { values, low, high, window } = decodeFrame(bytes, told);
    expect([...values]).toEqual([-100, -80, -60, -40, -20, 0]);
    expect([low, high, window]).toEqual([-100, 0, { center: 40, width: 400 }]);
    expect(() => decodeFrame(new ArrayBuffer(4), told)).toThrow("A frame has 4 bytes; 12 were expected.");
  });
});

/** The browser's locks, for the tabs of one browser. */
class Locks {
  private holder: { reject: (error: Error) => void } | null = null;
  private readonly queue: (() => void)[] = [];

  request(_: string, options: LockOptions, act: (lock: object | null) => Promise<void> | undefined): Promise<void> {
    if (this.holder && options.ifAvailable) return Promise.resolve(act(null));
    if (options.steal) this.holder?.reject(new DOMException("stolen", "AbortError"));
    else if (this.holder) return this.wait(options, act);
    return this.hold(act);
  }

  private wait(options: LockOptions, act: (lock: object) => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => void this.hold(act).then(resolve, reject);
      this.queue.push(take);
      options.signal?.addEventListener("abort", () => {
        this.queue.splice(this.queue.indexOf(take), 1);
        reject(new DOMException("too late", "AbortError"));
      });
    });
  }

  private hold(act: (lock: object) => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const holder = { reject };
      this.holder = holder;
      void act({})?.then(() => {
        if (this.holder === holder) this.holder = null;
        resolve();
        this.queue.shift()?.();
      });
    });
  }
}

describe("two tabs", () => {
  beforeEach(() => {
    vi.useRealTimers();
    vi.stubGlobal("navigator", { locks: new Locks() });
  });

  it("read in turns: the second asks, and the first keeps its draft before it lets go", async () => {
    const [first, second] = [new OneTab("room"), new OneTab("room")];
    const steps: string[] = [];
    first.onTaken = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      steps.push("kept");
    };
    expect([await first.enter(), await second.enter()]).toEqual([true, false]);
    await second.takeOver().then(() => steps.push("taken"));
    expect(steps).toEqual(["kept", "taken"]);
    await first.takeOver();
    expect(await second.enter()).toBe(false);
  });

  it("do not wait for ever for one that is frozen", async () => {
    vi.useFakeTimers();
    const [frozen, second] = [new OneTab("room"), new OneTab("room")];
    frozen.onTaken = () => new Promise(() => undefined);
    await frozen.enter();
    const taken = vi.fn();
    void second.takeOver().then(taken);
    await vi.advanceTimersByTimeAsync(2900);
    expect(taken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(taken).toHaveBeenCalledOnce();
  });
});

describe("strokes", () => {
  beforeEach(() => void vi.useFakeTimers());

  it("are read as they begin, four times a second, and when the pointer rises", () => {
    const read = vi.fn();
    const strokes = new Strokes(read);
    window.dispatchEvent(new Event("pointerdown"));
    for (let at = 0; at < 1000; at += 10) {
      strokes.drawn();
      vi.advanceTimersByTime(10);
    }
    expect(read).toHaveBeenCalledTimes(5);
    strokes.drawn();
    window.dispatchEvent(new Event("pointerup"));
    expect(read).toHaveBeenCalledTimes(6);
    strokes.drawn();
    strokes.read();
    expect(read).toHaveBeenCalledTimes(7);
  });
});

describe("a correction that is left", () => {
  it("takes with it what this page had begun, and nothing newer", async () => {
    const asked: string[] = [];
    vi.stubGlobal("document", { cookie: "" });
    vi.stubGlobal("fetch", async (url: string, { method }: RequestInit) => {
      asked.push(`${method} ${url}`);
      return Response.json({ version: 9 });
    });
    const draft = { result: [], comment: "", lead_time: 0, decisions: {}, version: 2 };
    const opened = { task: { ...task(7), draft, corrects: 5 }, answers: [] } as unknown as Opened;
    const urls = { correction_draft: "/answers/{annotation}/draft/" } as Bootstrap["urls"];
    const api = new CaseApi(urls, opened, () => undefined);
    await api.forgetCorrection(7);
    await api.saveDraft(7, { ...draft, version: 4 });
    await api.forgetCorrection(7);
    vi.unstubAllGlobals();
    const url = "/answers/5/draft/";
    expect(asked).toEqual([`DELETE ${url}?version=2`, `PUT ${url}`, `DELETE ${url}?version=4`]);
  });
});
