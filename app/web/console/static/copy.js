// Copies a secret or a link that the page shows once.

import { _ } from "./words.js";

/** Copies the text; the button says what became of it. shown: the element that holds it, selected if copying fails. */
export async function copied(button, shown, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = _("Copied");
  } catch {
    // Browsers allow the clipboard on https pages only.
    if (shown instanceof HTMLInputElement) shown.select();
    else getSelection().selectAllChildren(shown);
    button.textContent = _("Selected: press Ctrl+C");
  }
}
