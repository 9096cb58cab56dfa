import { describe, expect, it } from "vitest";

import { COMMANDS } from "../src/commands";
import type { Command } from "../src/commands/command";
import { Keymap, type Plan } from "../src/page/keymap";
import { optionKeys, pressed } from "../src/page/keys";
import { question } from "./questions";

function press(key: string, more: KeyboardEventInit = {}): string {
  return pressed(new KeyboardEvent("keydown", { key, ...more }));
}

function command(wanted: string): Command {
  const found = COMMANDS.find(({ name }) => name === wanted);
  if (!found) throw new RangeError(`There is no command ${wanted}.`);
  return found;
}

describe("the keys of options", () => {
  it("are 1 to 9 over all questions, then letters", () => {
    const many = question("multiple", "findings", ..."abcdefgh");
    const more = question("single", "quality", "good", "fair", "poor");
    const keys = optionKeys([many, more]).map(({ key }) => key);
    expect(keys.slice(0, 9)).toEqual([..."123456789"]);
    expect(keys.slice(9).every((key) => /^[a-z]$/.test(key))).toBe(true);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("are letters of commands where no other is left", () => {
    const many = question("multiple", "findings", ...Array.from({ length: 24 }, (_, at) => `f${at}`));
    const keys = optionKeys([many]).map(({ key }) => key);
    expect(new Set(keys).size).toBe(24);
    expect(keys).not.toContain("");
    expect(keys).not.toContain("w");
  });

  it("are those of the config first, each once", () => {
    const asked = question("single", "finding", "nodule", "other", "none");
    asked.options[0] = { value: "nodule", hotkey: "2" };
    asked.options[1] = { value: "other", hotkey: "W" };
    expect(optionKeys([asked]).map(({ key }) => key)).toEqual(["2", "w", "1"]);
    const twice = question("single", "finding", "a", "b");
    twice.options = [{ value: "a", hotkey: "q" }, { value: "b", hotkey: "q" }];
    expect(optionKeys([twice]).map(({ key }) => key)).toEqual(["q", "1"]);
  });

  it("of a grade are its own digits, or letters where those are taken", () => {
    const grade = question("single", "grade", "0", "1", "2");
    expect(optionKeys([grade]).map(({ key }) => key)).toEqual(["0", "1", "2"]);
    const stage = question("single", "stage", "Stage 2", "Stage 3");
    const keys = optionKeys([grade, stage]).map(({ key }) => key);
    expect(keys.slice(0, 3)).toEqual(["0", "1", "2"]);
    expect(keys.slice(3).every((key) => /^[a-z]$/.test(key))).toBe(true);
    expect(new Set(keys).size).toBe(5);
  });

  it("leave combinations of the config aside", () => {
    const asked = question("single", "finding", "a", "b");
    asked.options[0] = { value: "a", hotkey: "ctrl+1" };
    expect(optionKeys([asked]).map(({ key }) => key)).toEqual(["1", "2"]);
  });
});

describe("presses", () => {
  it("are read alike on every keyboard", () => {
    expect(press("1", { code: "Digit1" })).toBe("1");
    expect(press("&", { code: "Digit1" })).toBe("1"); // French, plain
    expect(press("!", { code: "Digit1", shiftKey: true })).toBe("Shift+1");
    expect(press("?", { code: "Slash", shiftKey: true })).toBe("?");
    expect(press("W", { code: "KeyW" })).toBe("w"); // caps lock
    expect(press("z", { ctrlKey: true })).toBe("Ctrl+z");
    expect(press("z", { metaKey: true })).toBe("Ctrl+z");
    expect(press("˚", { code: "KeyK", altKey: true })).toBe("Alt+k"); // macOS
    expect(press("ArrowUp", { shiftKey: true })).toBe("Shift+ArrowUp");
  });

  it("reach a command with Shift where an option has taken its letter", () => {
    const keymap = new Keymap({}, new Set(["p"]));
    expect(keymap.commandFor("p")?.name).toBe("pan");
    expect(keymap.commandFor("Shift+p")?.name).toBe("pan");
    expect(keymap.shown(command("pan"))).toEqual(["Shift+p"]);
  });

  it("mean one command each", () => {
    const keys = COMMANDS.flatMap((command) => command.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(COMMANDS.filter((command) => command.keys.length === 0)).toEqual([]);
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
  });
});

describe("keys of the reader's own", () => {
  function changed(plan: Plan): Keymap {
    if (plan.kind === "refused") throw new Error(plan.says);
    const keymap = new Keymap({});
    keymap.apply(plan.changes);
    return keymap;
  }

  it("take the place of a command's first key; the others stay", () => {
    const keymap = changed(new Keymap({}).plan(command("submit"), "Ctrl+Alt+s"));
    expect(keymap.keysOf(command("submit"))).toEqual(["Ctrl+Alt+s", "Ctrl+Enter"]);
    expect(keymap.commandFor("Ctrl+Alt+s")?.name).toBe("submit");
    expect(keymap.commandFor("Enter")).toBeUndefined();
  });

  it("are exchanged where another command has the key", () => {
    const plan = new Keymap({}).plan(command("invert"), "w");
    expect([plan.kind, plan.says]).toEqual(["swap", "W is the key of “Window: drag”."]);
    const keymap = changed(plan);
    expect(keymap.commandFor("w")?.name).toBe("invert");
    expect(keymap.commandFor("i")?.name).toBe("window");
  });

  it("are refused where the browser, an answer or a fixed key stands against them", () => {
    const keymap = new Keymap({}, new Set(["1", "ö"]));
    const refused = (press: string): boolean => keymap.plan(command("invert"), press).kind === "refused";
    for (const press of ["Tab", "F5", "Ctrl+w", "Ctrl+1", "Alt+ArrowLeft", " ", "Escape", "i", "1"]) {
      expect([press, refused(press)]).toEqual([press, true]);
    }
    const plan = keymap.plan(command("invert"), "ö");
    expect(plan.kind === "free" && plan.says).toContain("there the command is on Shift + Ö");
    for (const press of ["k", "0", "Alt+i", "Ctrl+Alt+ArrowUp", "+"]) expect([press, refused(press)]).toEqual([press, false]);
  });

  it("are given back, and stay the reader's when a command comes with the same", () => {
    const keymap = new Keymap({ invert: ["w"] });
    expect(keymap.commandFor("w")?.name).toBe("invert");
    expect(keymap.keysOf(command("window"))).toEqual([]);
    keymap.apply({ invert: null });
    expect(keymap.keysOf(command("window"))).toEqual(["w"]);
    expect(keymap.changed).toEqual([]);
  });
});
