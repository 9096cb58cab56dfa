// The label config's editor: templates to start from, and the colours of the preview.

import { t } from "./i18n.js";

const editor = document.querySelector("#id_label_config");
const source = document.querySelector("#label-xml");
const texts = source ? JSON.parse(source.textContent) : {};

// A template replaces what is in the editor; what a person has typed is asked about first.
let accepted = document.querySelector('input[name="template"]:checked');
let pristine = Object.values(texts).includes(editor.value);
editor.addEventListener("input", (event) => {
  if (event.isTrusted) pristine = false;
});

for (const input of document.querySelectorAll('input[name="template"]')) {
  input.addEventListener("change", () => {
    if (!pristine && !window.confirm(t("Replace what is in the editor with this template?"))) {
      accepted.checked = true;
      return;
    }
    accepted = input;
    editor.value = texts[input.value];
    pristine = true;
    editor.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// Tab indents; Escape first, then Tab, leaves the editor by keyboard.
let leaving = false;
editor.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leaving = true;
  else if (event.key === "Tab" && !event.shiftKey && !leaving) {
    event.preventDefault();
    editor.setRangeText("  ", editor.selectionStart, editor.selectionEnd, "end");
  } else if (event.key !== "Shift") leaving = false;
});

function paint() {
  for (const swatch of document.querySelectorAll("[data-background]")) {
    swatch.style.background = swatch.dataset.background;
  }
}
document.addEventListener("htmx:afterSwap", paint);
paint();
