// Saves settings of the whole site, which forms on several pages change.

import { call, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { showError, unsaved } from "../access/saving.js";
import { _ } from "../words.js";

/**
 * Saves what is sent, then loads the page again with the sentence `saved`. form: its `data-settings` is the version of
 * the settings that it shows. If somebody else changed them meanwhile, nothing is saved: the field says what they are
 * now, in the sentence of theirs(current), and the next press saves one's own.
 */
export async function saveSettings(form, json, { field, saved, theirs }) {
  clearProblems(form);
  try {
    await call("/v1/settings", { method: "PATCH", json, version: form.dataset.settings, quiet: true });
  } catch (error) {
    const current = error.body?.current;
    if (!current) {
      showError(form, error);
      return;
    }
    form.dataset.settings = current.version;
    problemAt(form, field, _`${theirs(current)} Save again to use yours.`);
    return;
  }
  unsaved(false);
  sayNext(saved);
  location.reload();
}
