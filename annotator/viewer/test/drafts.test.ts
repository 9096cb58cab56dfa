import { describe, expect, it } from "vitest";

import type { ReadingApi } from "../src/flow/api";
import { Drafts } from "../src/flow/drafts";
import type { Journal, JournalledDraft } from "../src/flow/journal";
import type { Draft } from "../src/types";

const NONE = { result: [], comment: "", lead_time: 0 };
const given = (comment: string): Draft => ({ ...NONE, comment, version: 0 });

/** One browser's drafts, in which `comment` is typed. */
function browser(comment: string) {
  const kept = new Map<number, JournalledDraft>();
  const journal = {
    draft: async (task: number) => kept.get(task),
    keepDraft: async (task: number, draft: JournalledDraft) => (kept.set(task, draft), true),
  };
  const api = { saveDraft: async (_: number, { version }: Draft) => ({ version }) };
  return new Drafts(api as unknown as ReadingApi, journal as unknown as Journal, () => ({ ...NONE, comment }));
}

describe("a draft in this browser", () => {
  it("comes back with the answer that it corrects, and not over a newer one", async () => {
    const drafts = browser("begun here");
    await drafts.start({ id: 7, draft: given("first answer"), corrects: 1 });
    await drafts.save();
    drafts.stop();
    const shown = async (draft: Draft, corrects?: number) => (await drafts.start({ id: 7, draft, ...(corrects ? { corrects } : {}) }))?.comment;
    expect(await shown(given("first answer"), 1)).toBe("begun here");
    expect(await shown(given("given elsewhere"), 2)).toBe("given elsewhere");
    expect(await shown(given("a first reading"))).toBe("a first reading");
    drafts.stop();
  });

  it("of a first answer comes back", async () => {
    const drafts = browser("begun here");
    await drafts.start({ id: 7, draft: null });
    await drafts.save();
    expect((await drafts.start({ id: 7, draft: null }))?.comment).toBe("begun here");
    drafts.stop();
  });

  it("is not shown in place of the answers that are only looked at", async () => {
    const drafts = browser("begun here");
    await drafts.start({ id: 7, draft: null });
    await drafts.save();
    expect((await drafts.start({ id: 7, draft: given("as given"), is_read_only: true }))?.comment).toBe("as given");
  });
});
