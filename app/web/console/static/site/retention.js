// For how long personal data is kept. What is due is counted after the page is there, since a large log takes seconds.

import { CallError, call } from "../api.js";
import { unsaved } from "../access/saving.js";
import { saveSettings } from "./save_settings.js";
import { _, language } from "../words.js";

const form = document.getElementById("retention");
const fields = [...form.querySelectorAll("[data-each]")];

form.addEventListener("input", () => unsaved(true));

document.getElementById("usual").addEventListener("click", () => {
  for (const field of fields) field.value = field.dataset.usual;
  unsaved(true);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const kept_hours = Object.fromEntries(fields.map((field) => [field.name, Number(field.value) * Number(field.dataset.each)]));
  const theirs = () => _("Somebody else changed the site's settings meanwhile.");
  saveSettings(form, { kept_hours }, { field: fields[0].name, saved: _("Saved. What is older now goes within ten minutes."), theirs });
});

const state = document.getElementById("due-state");
state.textContent = _("Counting what is due…");
try {
  const { items } = await call("/v1/retention?due=true", { quiet: true, background: true });
  for (const one of items) {
    const cell = form.querySelector(`[data-kind="${one.kind}"] [data-due]`);
    cell.textContent = one.due === null ? "—" : one.due.toLocaleString(language);
  }
  state.textContent = items.some((one) => one.due === null) ? _("The clock may be wrong, so nothing is removed.") : "";
} catch (error) {
  if (!(error instanceof CallError)) throw error;
  for (const cell of form.querySelectorAll("[data-due]")) cell.textContent = "—";
  state.textContent = error.message;
}
