// Behaviour that every page shares. The content security policy allows no inline handlers, so
// elements say what they want in data attributes.

import { t } from "./i18n.js";

// data-confirm="Remove Bob?" on a form: ask before it is sent.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// data-submit-on-change on a form: send it when one of its fields changes.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});

// data-copy="#field" on a button: put the field's value on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.querySelector(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = t("Copied");
  } catch {
    // No clipboard without HTTPS: the field is selected, and the person can copy it by key.
    button.textContent = t("Press Ctrl-C");
  }
});

// A menu closes when the pointer or the keyboard goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
