import { RandomWalkerSegmenter } from "./randomwalker";
import type { FrameSamples, Prompts } from "./segmenter";

export interface Asked {
  id: number;
  frame: FrameSamples;
  prompts: Prompts;
}

export interface Answered {
  id: number;
  mask: Uint8Array | null;
  problem: string;
}

const segmenter = new RandomWalkerSegmenter();

self.addEventListener("message", (event: MessageEvent<Asked>) => {
  const { id, frame, prompts } = event.data;
  segmenter.propose(frame, prompts).then(
    (mask) => self.postMessage({ id, mask, problem: "" } satisfies Answered, { transfer: [mask.buffer] }),
    (error: unknown) => self.postMessage({ id, mask: null, problem: String(error) } satisfies Answered),
  );
});
