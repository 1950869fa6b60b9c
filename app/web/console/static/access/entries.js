// Dialogs that add and change one entry: a zone, a lane, a gate's place or mode.
//
// <dialog data-entry="KIND"> holds a form whose fields are named like the API's; data-name overrides, because ids are
// unique on a page. data-none: an empty choice is null. data-number, data-several: a number, a list. data-always: sent with a new entry, such as the gate of a mode.
// <button data-add="KIND">, <button data-edit="KIND" data-id="ID"> open it.

import { call, CallError, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { change, refusal } from "./change.js";
import { _ } from "../words.js";

const FIELDS = { bad_name: "name", bad_gate_zones: "zone_to", bad_lane: "gate_out", unknown_time_zone: "time_zone", zone_circle: "parent", duplicate_mode: "mode", bad_gate_mode: "first_person_group" };
const WORDS = {
  zones: [_("Add a zone"), _("Change the zone")], lanes: [_("Add a lane"), _("Change the lane")],
  "gate-modes": [_("Add a mode"), _("Change the mode")], "gate-places": ["", _("Change the gate")],
};
const dialogs = new Map([...document.querySelectorAll("dialog[data-entry]")].map((one) => [one.dataset.entry, one]));
let open = null; // {kind, id, version}: what the dialog shows

const nameOf = (field) => field.dataset.name ?? field.name;
const fields = (form) => [...form.elements].filter((one) => nameOf(one) && one.type !== "submit");
const field = (form, name) => fields(form).find((one) => nameOf(one) === name);

function valueOf(one) {
  if ("several" in one.dataset) return [...one.selectedOptions].map((option) => option.value);
  const text = one.value.trim();
  if (!text) return "none" in one.dataset ? null : "";
  return "number" in one.dataset ? Number(text) : text;
}

function fill(one, value) {
  if (!("several" in one.dataset)) one.value = value ?? "";
  else for (const option of one.options) option.selected = value.includes(option.value);
}

function body(form) {
  const found = Object.fromEntries(fields(form).map((one) => [nameOf(one), valueOf(one)]));
  return open.id ? found : { ...found, ...JSON.parse(form.dataset.always ?? "{}") };
}

function show(kind, entry) {
  const dialog = dialogs.get(kind);
  const form = dialog.querySelector("form");
  form.reset();
  clearProblems(form);
  form.querySelector("[data-refused]").hidden = true;
  for (const one of fields(form)) if (entry) fill(one, entry[nameOf(one)]);
  open = { kind, id: entry?.id, version: entry?.version };
  const title = dialog.querySelector("[data-title]");
  title.textContent = !entry ? WORDS[kind][0] : entry.name ? _`Change ${entry.name}` : WORDS[kind][1];
  const remove = dialog.querySelector("[data-remove]");
  if (remove) remove.hidden = !entry;
  for (const option of dialog.querySelectorAll("option")) option.disabled = kind === "zones" && option.value !== "" && option.value === entry?.id;
  form.dispatchEvent(new Event("input"));
  dialog.showModal();
}

/** Makes the change that the dialog shows, and loads the page again. */
async function make(form, action, done) {
  clearProblems(form);
  const box = form.querySelector("[data-refused]");
  box.hidden = true;
  try {
    const does = action === "delete" ? _("Remove") : _("Save");
    const made = await change({ ...open, action, body: body(form), does });
    if (made === undefined) return;
    sayNext(made?.warnings?.[0] ? `${done} ${made.warnings[0].detail}` : done, made?.warnings?.[0] ? "info" : "good");
    location.reload();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const name = error.body.field ?? FIELDS[error.code];
    const beside = name && field(form, name);
    if (beside && problemAt(form, beside.name, refusal(error))) return;
    box.textContent = refusal(error);
    box.hidden = false;
  }
}

for (const dialog of dialogs.values()) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field(form, "name");
    if (name && !name.value.trim()) {
      clearProblems(form);
      problemAt(form, name.name, _("Give it a name."));
    } else make(form, open.id ? "patch" : "create", _("Saved. It applies from the next decision."));
  });
  dialog.querySelector("[data-remove]")?.addEventListener("click", () => make(form, "delete", _("Removed.")));
}
for (const button of document.querySelectorAll("[data-add]")) button.addEventListener("click", () => show(button.dataset.add, null));
for (const button of document.querySelectorAll("[data-edit]")) {
  button.addEventListener("click", async () => {
    const entry = await call(`/v1/${button.dataset.edit}/${button.dataset.id}`).catch(() => null);
    if (entry) show(button.dataset.edit, entry);
  });
}
