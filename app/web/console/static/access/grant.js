// Gives temporary grants and ends them: on the list, on a person's page and on the page of a refusal.

import { call, sayNext } from "../api.js";
import { instantOf, problemAt, typedTime } from "../parts.js";
import { onSubmit } from "../submit.js";
import { _ } from "../words.js";

const HOUR_MS = 60 * 60 * 1000;
const FIELDS = { employee: "grant-employee", where: "everywhere", ends_at: "grant-until", reason: "grant-reason" };
const CODES = { unknown_employee: "grant-employee", grant_too_long: "grant-until", bad_grant: "grant-until" };
const dialog = document.getElementById("grant");

/** The id of the employee with a number. Guards may ask who may pass, but not read employees. */
async function byNumber(number, gate) {
  const found = await call(`/v1/access/explain?${new URLSearchParams({ person: number, gate })}`, { quiet: true });
  return found.employee.id;
}

async function give(form) {
  const value = (name) => form.elements[name].value.trim();
  const everywhere = form.elements.everywhere.value === "yes";
  const gates = [...form.querySelectorAll('[name="gates"]:checked')].map((box) => box.value);
  if (form.elements["grant-employee"] && !value("grant-employee")) return problemAt(form, "grant-employee", _("Type the number of an employee."));
  if (!everywhere && !gates.length) return problemAt(form, "everywhere", _("Choose a gate, or everywhere."));
  if (!value("grant-until")) return problemAt(form, "grant-until", _("Say until when."));
  if (!value("grant-reason")) return problemAt(form, "grant-reason", _("Say why."));
  const employee = form.dataset.employee || (await byNumber(value("grant-employee"), form.querySelector('[name="gates"]').dataset.gate));
  const json = { employee, where: everywhere ? { everywhere: true } : { gates }, ends_at: instantOf(value("grant-until")), reason: value("grant-reason") };
  await call("/v1/grants", { method: "POST", json, quiet: true });
  sayNext(_("The grant applies from now on."));
  return location.reload();
}

if (dialog) {
  const form = dialog.querySelector("form");
  const until = form.elements["grant-until"];
  until.value = typedTime(Date.now() + form.dataset.hours * HOUR_MS);
  const where = () => { form.querySelector('[data-checks="gates"]').hidden = form.elements.everywhere.value === "yes"; };
  form.addEventListener("input", where);
  onSubmit(form, give, CODES, FIELDS);
}

for (const button of document.querySelectorAll("[data-end]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const ended = await call(`/v1/grants/${button.dataset.end}`, { method: "DELETE" }).then(() => true, () => false);
    if (!ended) { button.disabled = false; return; }
    sayNext(_("The grant has ended."));
    location.reload();
  });
}
