import type { Geometry } from "../types";
import type { DecodedFrame } from "./decode";
import type { DecodeReply, DecodeRequest } from "./decoder.worker";

/** The main thread and the picture need a core as well; more workers than these wait for the line. */
const MOST_WORKERS = 3;

interface Waiting {
  resolve: (frame: DecodedFrame) => void;
  reject: (error: Error) => void;
}

/** Decodes frames beside the main thread, which goes on drawing and taking keys meanwhile. */
export class Decoder {
  private readonly workers: Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor() {
    const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1));
    this.workers = Array.from({ length: count }, () => this.start());
  }

  /** Takes the bytes over: they are empty afterwards. */
  decode(bytes: ArrayBuffer, geometry: Geometry): Promise<DecodedFrame> {
    const id = (this.asked += 1);
    const worker = this.workers[id % this.workers.length] as Worker;
    // Positions are the one long part of a geometry, and say nothing of one frame's values.
    const request: DecodeRequest = { id, bytes, geometry: { ...geometry, positions: null } };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage(request, [bytes]);
    });
  }

  private start(): Worker {
    const worker = new Worker(new URL("./decoder.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<DecodeReply>) => {
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("frame" in data) waiting?.resolve(data.frame);
      else waiting?.reject(new RangeError(data.problem));
    };
    worker.onerror = (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message));
      this.waiting.clear();
    };
    return worker;
  }
}
