// What the pages of one entry share: marks what is not saved, shows an error beside its field, saves and removes.

import { CallError, rooted, say } from "../api.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { ask, change } from "./change.js";
import { _ } from "../words.js";

/** Marks the page as changed and not saved, where it has a mark for that. */
export function unsaved(on) {
  const mark = document.getElementById("unsaved");
  if (mark) mark.hidden = !on;
  window.onbeforeunload = on ? (event) => event.preventDefault() : null;
}

/** Shows an error's sentence beside the field that it is about, or as a message. */
export function showError(form, error) {
  if (!(error instanceof CallError)) throw error;
  clearProblems(form);
  const { field } = error.body;
  if (field && form.elements[field]) return problemAt(form, field, error.message);
  const box = field && form.querySelector(`[data-field="${field}"]`);
  if (!box) return say(error.message, "bad");
  box.append(el("p", { class: "field-problem", role: "alert" }, error.message));
  return true;
}

/** Makes a change as `change` does, with errors beside their fields. Gives undefined if nothing was saved. */
export async function save(form, wanted) {
  clearProblems(form);
  const button = form.querySelector("button:not([type])");
  button.disabled = true;
  try {
    const saved = await change(wanted);
    if (saved) unsaved(false);
    return saved;
  } catch (error) {
    showError(form, error);
    return undefined;
  } finally {
    button.disabled = false;
  }
}

/** Removes an entry once the person has seen what that does. What still uses it is named. Gives whether it is gone. */
export async function remove(kind, entry) {
  if ((await ask(_`Delete ${entry.name}?`, [el("p", {}, _("This cannot be undone."))], [[_("Cancel"), "back", "second"], [_("Delete"), "yes", "danger"]])) !== "yes") return false;
  try {
    const gone = await change({ kind, action: "delete", id: entry.id, version: entry.version, does: _("Delete") });
    return gone !== undefined;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code !== "in_use") say(error.message, "bad");
    else await ask(_`${entry.name} is still used`, used(error.body.used_by), [[_("Close"), "back", ""]]);
    return false;
  }
}

const KINDS = { rules: _("rule"), schedules: _("schedule"), "gate-modes": _("gate mode"), modes: _("gate mode"), grants: _("temporary grant") };
const PAGES = { rules: "/access/rules/", schedules: "/access/schedules/" };

function used(users) {
  const rows = users.map(({ kind, id, name }) => el("li", {}, PAGES[kind] ? el("a", { href: rooted(PAGES[kind] + id) }, name) : name, " ", el("span", { class: "faint" }, KINDS[kind] ?? kind)));
  return [el("p", {}, _("Take it out of these first:")), el("ul", {}, rows)];
}
