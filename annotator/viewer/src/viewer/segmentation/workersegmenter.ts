import { t } from "../../i18n";
import type { FrameSamples, Prompts, Segmenter } from "./segmenter";
import type { Answered, Asked } from "./worker";

interface Waiting {
  resolve: (mask: Uint8Array) => void;
  reject: (error: Error) => void;
}

/** A segmenter in a thread of its own, started when it is first asked: the image never stands still. */
export class WorkerSegmenter implements Segmenter {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  propose(frame: FrameSamples, prompts: Prompts): Promise<Uint8Array> {
    this.worker ??= this.start();
    const id = (this.asked += 1);
    this.worker.postMessage({ id, frame, prompts } satisfies Asked);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answered>) => this.answered(data));
    worker.addEventListener("error", () => {
      this.worker = null;
      for (const { reject } of this.waiting.values()) reject(new Error(t("No outline could be proposed. Paint it with the brush.")));
      this.waiting.clear();
    });
    return worker;
  }

  private answered({ id, mask, problem }: Answered): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (mask) waiting?.resolve(mask);
    else waiting?.reject(new Error(problem));
  }
}
