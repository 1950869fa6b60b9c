// Visitors: invited, kept longer, said to have left, cancelled; the link to a pass copied.

import { call, sayNext } from "../api.js";
import { copied } from "../copy.js";
import { instantOf, problemAt, typedTime } from "../parts.js";
import { onSubmit } from "../submit.js";
import { _ } from "../words.js";
import "./print.js";

const HOUR_MS = 60 * 60 * 1000;
const FIELDS = { name: "visit-name", host: "visit-host", where: "zones", email: "visit-email", company: "visit-company", reason: "visit-reason", starts_at: "visit-from", ends_at: "visit-until" };
const CODES = { unknown_host: "visit-host", host_inactive: "visit-host", bad_visit_times: "visit-until", bad_name: "visit-name", bad_email: "visit-email", bad_company: "visit-company", bad_reason: "visit-reason" };
const dialog = document.getElementById("invite");

async function invite(form) {
  const value = (name) => form.elements[name].value.trim();
  const ticked = (name) => [...form.querySelectorAll(`[name="${name}"]:checked`)].map((box) => box.value);
  const where = { zones: ticked("zones"), gates: ticked("gates") };
  if (!value("visit-name")) return problemAt(form, "visit-name", _("Type the visitor's name."));
  if (!value("visit-host")) return problemAt(form, "visit-host", _("Type the number of an employee."));
  if (!value("visit-until")) return problemAt(form, "visit-until", _("Say until when."));
  if (!where.zones.length && !where.gates.length) return problemAt(form, form.elements.zones ? "zones" : "gates", _("Choose where they may go."));
  const made = await call("/v1/visits", {
    method: "POST",
    quiet: true,
    json: {
      name: value("visit-name"),
      host: value("visit-host"),
      where,
      starts_at: instantOf(value("visit-from")),
      ends_at: instantOf(value("visit-until")),
      email: value("visit-email") || null,
      company: value("visit-company"),
      reason: value("visit-reason"),
      once: !form.elements["visit-again"].checked,
    },
  });
  sayNext(_("The visitor is invited. Their pass opens from half an hour before the start."));
  return location.assign(`${location.pathname}/${made.id}`);
}

if (dialog) {
  const form = dialog.querySelector("form");
  form.elements["visit-from"].value = typedTime(Date.now());
  form.elements["visit-until"].value = typedTime(Date.now() + 4 * HOUR_MS);
  onSubmit(form, invite, CODES, FIELDS);
}

const moved = document.querySelector("#move-end form");
if (moved) {
  onSubmit(moved, async (form) => {
    const until = form.elements["visit-until"].value;
    if (!until) return problemAt(form, "visit-until", _("Say until when."));
    await call(`/v1/visits/${form.dataset.visit}`, { method: "PATCH", quiet: true, json: { ends_at: instantOf(until) } });
    sayNext(_("The end is moved. The link to the pass shows the code that counts now."));
    return location.reload();
  }, CODES, FIELDS);
}

function acts(attribute, method, path, words) {
  for (const button of document.querySelectorAll(`[data-${attribute}]`)) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      const done = await call(path(button.dataset[attribute]), { method }).then(() => true, () => false);
      if (!done) { button.disabled = false; return; }
      sayNext(words);
      location.reload();
    });
  }
}

acts("left", "POST", (id) => `/v1/visits/${id}/left`, _("The visitor has left. Their pass opens nothing any more."));
acts("cancel", "DELETE", (id) => `/v1/visits/${id}`, _("The visit is cancelled. The pass opens nothing any more."));

const link = document.getElementById("pass-link");
document.getElementById("copy-link")?.addEventListener("click", (event) => copied(event.currentTarget, link, link.value));
