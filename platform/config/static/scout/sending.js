// The sending itself: several files at a time, each chunk after chunk.

import { t } from "./i18n.js";

const AT_ONCE = 4;
const LONGEST_PAUSE = 30; // seconds
const MOST_TRIES = 40; // of one chunk: about a quarter of an hour without a connection

/** Sends the files and returns the address of the delivery's report. */
export async function send(files, { begin, csrf, chunkBytes, signal, report }) {
  const state = { sent: 0, total: 0, files: files.length, done: 0, waiting: 0 };
  for (const { file } of files) state.total += file.size;
  const tell = (changes) => report(Object.assign(state, changes));
  tell({});
  const ask = (address, options) =>
    persistently(address, { ...options, csrf, signal }, (waiting) => tell({ waiting }));

  const delivery = await ask(begin, { method: "POST" });
  const queue = [...files];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await sendFile(next, delivery.chunks, { ask, chunkBytes, tell, state });
      tell({ done: state.done + 1 });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await ask(delivery.finish, { method: "POST" });
  } catch (error) {
    queue.length = 0; // the other workers end with the files they have
    giveUp(delivery.cancel, csrf);
    throw error;
  }
  return delivery.report;
}

function giveUp(address, csrf) {
  // Best effort: without a connection the server keeps a delivery that nobody ends.
  fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf } }).catch(() => {});
}

async function sendFile({ path, file }, chunks, { ask, chunkBytes, tell, state }) {
  let offset = 0;
  do {
    const query = new URLSearchParams({ path, offset, total: file.size });
    const body = file.slice(offset, offset + chunkBytes);
    // The server answers how much of the file it has: after a lost answer that may be more.
    const { received } = await ask(`${chunks}?${query}`, { method: "PUT", body });
    tell({ sent: state.sent + received - offset });
    offset = received;
  } while (offset < file.size);
}

async function persistently(address, { method, body, csrf, signal }, waiting) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await fetch(address, {
        method,
        body,
        signal,
        headers: { "X-CSRFToken": csrf, "Content-Type": "application/octet-stream" },
      });
      if (answer.ok) {
        waiting(0);
        return await answer.json();
      }
      if (answer.status < 500 && answer.status !== 429) throw new Refused(await sentence(answer));
    } catch (error) {
      if (error instanceof Refused || error.name === "AbortError") throw error;
    }
    if (tries >= MOST_TRIES) throw new Error(t("The server could not be reached for too long."));
    await pause(Math.min(2 ** (tries - 1), LONGEST_PAUSE), signal, waiting);
  }
}

class Refused extends Error {}

async function sentence(answer) {
  try {
    return (await answer.json()).detail;
  } catch {
    return t("The server answered {status}. Load the page again and repeat the upload.", { status: answer.status });
  }
}

async function pause(seconds, signal, waiting) {
  for (let left = seconds; left > 0; left -= 1) {
    waiting(left);
    await new Promise((resolve, reject) => {
      const stop = () => reject(new DOMException("Stopped", "AbortError"));
      if (signal.aborted) return stop();
      signal.addEventListener("abort", stop, { once: true });
      setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, 1000);
    });
  }
}
