import { t } from "../i18n";

type Attributes = Record<string, string | boolean | EventListener>;

/** An element with attributes and children; `on…` attributes are listeners, `true` is a bare one. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** How a key is printed on its cap. */
const CAPS: Record<string, string> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→",
  Shift: "⇧", Escape: t("Esc"), PageUp: t("Page ↑"), PageDown: t("Page ↓"),
  Ctrl: t("Ctrl"), Home: t("Home"), End: t("End"), Delete: t("Delete"), Backspace: t("Backspace"),
};

export function keyCap(key: string): HTMLElement {
  return make("kbd", { class: "cap" }, capText(key));
}

/** A press as it is printed: "⇧ P" for "Shift+p". */
export function capText(key: string): string {
  const parts = key === "+" ? ["+"] : key.split(/\+(?=.)/);
  return parts.map((part) => CAPS[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}

/** True where typing belongs to the element: letters must not act as commands there. */
export function isTextEntry(target: EventTarget | null): target is HTMLTextAreaElement {
  return target instanceof HTMLTextAreaElement;
}

export function isNumberEntry(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement && target.inputMode === "decimal";
}
