import { expect, it } from "vitest";

import { Frame } from "../src/page/frame";
import { Keymap } from "../src/page/keymap";
import type { Bootstrap } from "../src/types";

it("what the model said is of the last case, whether or not a reason stands before it", () => {
  const bootstrap = { urls: { leave: "/" }, project: { title: "Chest" } } as Bootstrap;
  const frame = new Frame(document.createElement("div"), bootstrap, new Keymap({}), () => undefined);
  const said = (why: string): string => {
    frame.setWhy(why);
    frame.setModelSaid("The model said: Nodule 83 %", "/tasks/1/");
    return frame.side.querySelector("[data-part=why]")?.textContent?.trim() ?? "";
  };
  expect(said("")).toBe("Last case: The model said: Nodule 83 % Look again");
  expect(said("Chosen by chance")).toBe("Last case: Chosen by chance The model said: Nodule 83 % Look again");
});
