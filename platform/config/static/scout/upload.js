// Sends a folder, files or a zip in chunks. Chunks that fail are sent again with growing pauses,
// from where the server says the file ends: a lost connection costs at most one chunk.

import { filesOf } from "./dropped.js";
import { language, t } from "./i18n.js";
import { send } from "./sending.js";

const zone = document.querySelector("#upload");
const part = (name) => zone.querySelector(`[data-part="${name}"]`);
let stopping = null; // the AbortController of an upload under way

function show(name) {
  for (const each of ["ask", "progress", "failed"]) part(each).hidden = each !== name;
}

const units = ["B", "kB", "MB", "GB"];
function size(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${value < 10 && power ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

function report({ sent, total, files, done, waiting }) {
  zone.querySelector("progress").value = total ? sent / total : 1;
  part("said").textContent = waiting ? t("Connection lost") : t("Sending");
  part("amount").textContent = t("{count} of {all}", { count: size(sent), all: size(total) });
  part("detail").textContent = waiting
    ? t("Trying again in {seconds} s. Nothing sent so far is lost.", { seconds: waiting })
    : t("{count} of {all} files", { count: done.toLocaleString(language), all: files.toLocaleString(language) });
}

async function upload(files) {
  if (stopping || !files.length) return;
  stopping = new AbortController();
  show("progress");
  try {
    window.location.href = await send(files, {
      begin: zone.dataset.begin,
      csrf: zone.dataset.csrf,
      chunkBytes: Number(zone.dataset.chunkBytes),
      signal: stopping.signal,
      report,
    });
  } catch (error) {
    part("reason").textContent = error.name === "AbortError" ? t("You stopped it.") : error.message;
    show("failed");
  } finally {
    stopping = null;
  }
}

for (const input of zone.querySelectorAll('input[type="file"]')) {
  input.addEventListener("change", () => {
    upload([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    input.value = "";
  });
}
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
zone.addEventListener("dragleave", (event) => {
  if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
});
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  upload(await filesOf(event.dataTransfer));
});
part("cancel").addEventListener("click", () => stopping?.abort());
part("again").addEventListener("click", () => show("ask"));
window.addEventListener("beforeunload", (event) => {
  if (stopping) event.preventDefault();
});
