type Catalogue = Readonly<Record<string, string>>;

/** Of the page's language, as the page brought it; what it lacks is shown in English. */
function pageCatalogue(): Catalogue {
  const script = globalThis.document?.getElementById("catalogue");
  return script?.textContent ? (JSON.parse(script.textContent) as Catalogue) : {};
}

const catalogue = pageCatalogue();

/**
 * A text of the interface in the page's language. The English text is its name; `{word}` in it
 * stands for the value of that name.
 */
export function t(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  const translated = catalogue[text] || text;
  return translated.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
