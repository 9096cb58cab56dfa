import type { Geometry } from "../types";
import { type DecodedFrame, decodeFrame } from "./decode";

export interface DecodeRequest {
  id: number;
  bytes: ArrayBuffer;
  geometry: Geometry;
}

export type DecodeReply = { id: number } & ({ frame: DecodedFrame } | { problem: string });

const here = globalThis as unknown as {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage: (reply: DecodeReply, transferred: Transferable[]) => void;
};

here.onmessage = ({ data: { id, bytes, geometry } }) => {
  try {
    const frame = decodeFrame(bytes, geometry);
    here.postMessage({ id, frame }, [frame.values.buffer as ArrayBuffer]);
  } catch (error) {
    here.postMessage({ id, problem: error instanceof Error ? error.message : String(error) }, []);
  }
};
