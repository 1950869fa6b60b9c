// What scripts say, in the language of the page. The texts of a language other than English come in a file of their own,
// which base.html loads first; their keys are the English texts.

const texts = globalThis.words ?? {};
const MEANING = /\|[a-z]+$/; // "Let in|do" is the "Let in" of a button; nobody sees what follows the bar

/**
 * _("Saved.") or _`${name} was removed.`: the text in the language of the page. Its key has {0}, {1} where values are.
 */
export function _(english, ...values) {
  const key = typeof english === "string" ? english : english.reduce((all, part, at) => `${all}{${at - 1}}${part}`);
  return filled(texts[key] ?? key.replace(MEANING, ""), values);
}

/** counted(n, "{0} photo", "{0} photos", ...more): the form for n, which is {0}; the others are {1} and so on. */
export function counted(n, one, many, ...more) {
  const [few, all] = texts[one] ?? [one, many];
  return filled(n === 1 ? few : all, [number(n), ...more]);
}

const filled = (text, values) => text.replace(/\{(\d+)\}/g, (found, at) => values[at] ?? found);

/** The language of the page, such as "de". */
export const language = document.documentElement.lang || "en";

const whole = new Intl.NumberFormat(language);

/** A whole number with its thousands apart. */
export const number = (value) => (typeof value === "number" ? whole.format(value) : value);

/** A number with so many decimals. */
export const decimals = (value, places) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
