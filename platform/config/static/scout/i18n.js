// Texts of these scripts in the page's language; the English text is the name of each.

const script = document.getElementById("catalogue");
const catalogue = script ? JSON.parse(script.textContent) : {};

export const language = document.documentElement.lang;

// `{word}` stands for the value of that name.
export function t(text, values = {}) {
  return (catalogue[text] || text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
