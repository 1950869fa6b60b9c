// Contractors: taken on, confirmed, given another sponsor; their documents added, renewed, removed.

import { call, sayNext } from "../api.js";
import { problemAt } from "../parts.js";
import { onSubmit } from "../submit.js";
import { _ } from "../words.js";

const FIELDS = { name: "contractor-name", number: "contractor-number", company: "contractor-company", sponsor: "contractor-sponsor", valid_until: "contractor-until", kind: "document-kind", expires_on: "document-until" };
const CODES = {
  number_taken: "contractor-number", bad_number: "contractor-number", bad_name: "contractor-name", bad_company: "contractor-company",
  unknown_sponsor: "contractor-sponsor", own_sponsor: "contractor-sponsor", sponsor_inactive: "contractor-sponsor",
  bad_document_kind: "document-kind", bad_document_number: "document-number",
};
const person = document.querySelector("[data-contractor]")?.dataset.contractor;
const page = `/v1/contractors/${person}`;

// Sends what a form says; an error is shown at its field, or below the fields.
function sends(form, send) {
  if (form) onSubmit(form, () => send((name) => form.elements[name].value.trim()), CODES, FIELDS);
}

function done(words) {
  sayNext(words);
  location.reload();
}

async function presses(button, path, method, words) {
  button.disabled = true;
  if (await call(path, { method }).then(() => true, () => false)) done(words);
  else button.disabled = false;
}

const takeOn = document.querySelector("#take-on form");
sends(takeOn, async (value) => {
  if (!value("contractor-name")) return problemAt(takeOn, "contractor-name", _("Type a name."));
  if (!value("contractor-number")) return problemAt(takeOn, "contractor-number", _("Type a number."));
  if (!value("contractor-sponsor")) return problemAt(takeOn, "contractor-sponsor", _("Type the number of an employee."));
  const made = await call("/v1/contractors", {
    method: "POST",
    quiet: true,
    json: {
      name: value("contractor-name"),
      number: value("contractor-number"),
      company: value("contractor-company"),
      sponsor: value("contractor-sponsor"),
      valid_until: value("contractor-until") || null,
      groups: [...takeOn.querySelectorAll("[name=groups]:checked")].map((box) => box.value),
    },
  });
  sayNext(_("The contractor is added. Now give them a photo or a badge, and add their documents."));
  return location.assign(`${location.pathname}/${made.id}`);
});

const engage = document.getElementById("engage");
sends(engage, async (value) => {
  if (!value("contractor-sponsor")) return problemAt(engage, "contractor-sponsor", _("Type the number of an employee."));
  await call(page, { method: "PUT", quiet: true, json: { sponsor: value("contractor-sponsor"), company: value("contractor-company") } });
  return done(_("Saved."));
});

const paper = document.getElementById("document");
const title = document.getElementById("document-title");
let renewed = "";

function asks(id, until) {
  renewed = id;
  title.textContent = id ? title.dataset.again : title.dataset.new;
  paper.querySelector("[data-kind-of-document]").hidden = Boolean(id);
  paper.querySelector("form").reset();
  paper.querySelector("[name=document-until]").value = until;
}

document.querySelector('[data-opens="document"]')?.addEventListener("click", () => asks("", ""));
for (const button of document.querySelectorAll("[data-renew]")) {
  button.addEventListener("click", () => { asks(button.dataset.renew, button.dataset.until); paper.showModal(); });
}
sends(paper?.querySelector("form"), async (value) => {
  const form = paper.querySelector("form");
  if (!renewed && !value("document-kind")) return problemAt(form, "document-kind", _("Say what the document is."));
  if (!value("document-until")) return problemAt(form, "document-until", _("Say until when."));
  const said = { expires_on: value("document-until") };
  if (renewed) await call(`${page}/documents/${renewed}`, { method: "PATCH", quiet: true, json: { ...said, number: value("document-number") || null } });
  else await call(`${page}/documents`, { method: "POST", quiet: true, json: { ...said, kind: value("document-kind"), number: value("document-number") } });
  return done(_("The document is saved. Gates go by it from the next decision on."));
});

for (const button of document.querySelectorAll("[data-drop]")) {
  button.addEventListener("click", () => presses(button, `${page}/documents/${button.dataset.drop}`, "DELETE", _("The document is removed.")));
}
for (const button of document.querySelectorAll("[data-confirm]")) {
  button.addEventListener("click", () => presses(button, `/v1/contractors/${button.dataset.confirm}/confirm`, "POST", _("Confirmed for 90 days from now.")));
}
const dismiss = document.getElementById("dismiss-now");
dismiss?.addEventListener("click", () => presses(dismiss, page, "DELETE", _("They are an employee now.")));
