// A gate's page: how it behaves, and its removal.

import { call, CallError, rooted, say, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { compare } from "../access/change.js";
import { unsaved } from "../access/saving.js";
import { _ } from "../words.js";

const form = document.getElementById("behaviour");
const { gate } = form.dataset;
const FIELDS = { bad_unlock_ms: "unlock_s", bad_door_held_after_ms: "door_held_after_s", bad_gate_config: "fail_mode" };
const WORDS = { secure: _("stays locked"), safe: _("stands open") };
const label = (field, value) => [...form.elements[field].options].find((one) => one.value === value)?.text ?? value;

const body = () => ({
  enabled: form.elements.enabled.checked,
  unlock_ms: Math.round(1000 * form.elements.unlock_s.value),
  fail_mode: form.elements.fail_mode.value,
  liveness: form.elements.liveness.value,
  passages: form.elements.passages.value,
  badge_format: form.elements.badge_format.value,
  door_held_after_ms: Math.round(1000 * form.elements.door_held_after_s.value),
});
const described = (one) => [
  [_("In use"), one.enabled ? _("yes") : _("no")], [_("Opens for"), `${one.unlock_ms / 1000} s`], [_("Without the service"), WORDS[one.fail_mode]],
  [_("Pictures held up"), label("liveness", one.liveness)], [_("Who went through"), label("passages", one.passages)], [_("Badges"), label("badge_format", one.badge_format)], [_("Door held after"), `${one.door_held_after_ms / 1000} s`],
];

async function save(version) {
  clearProblems(form);
  try {
    await call(`/v1/gates/${gate}`, { method: "PATCH", json: body(), version, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code !== "entry_changed") return problemAt(form, FIELDS[error.code], error.message) || say(error.message, "bad");
    const { current } = error.body;
    const picked = await compare(current, { ...current, ...body() }, described);
    if (picked === "theirs") {
      unsaved(false);
      location.reload();
    }
    return picked === "mine" && save(current.version);
  }
  unsaved(false);
  sayNext(_("Saved. It applies from the next decision."));
  location.reload();
  return true;
}

form.addEventListener("input", () => unsaved(true));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save(form.dataset.version);
});

document.getElementById("remove-gate")?.addEventListener("click", async (event) => {
  event.currentTarget.disabled = true;
  try {
    await call(`/v1/gates/${gate}`, { method: "DELETE", version: form.dataset.version });
  } catch {
    event.target.disabled = false;
    return;
  }
  sayNext(_("The gate was removed, and its keys with it."));
  location.assign(rooted("/gates"));
});
