// The steps of a new site. Each is done here or a link away; the page loads again when one is done.

import { call, CallError, sayNext } from "../api.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { _ } from "../words.js";

const LOOK_MS = 2000;
const list = document.getElementById("first-hour");
const again = (words, kind) => {
  if (words) sayNext(words, kind);
  location.reload();
};

// Only what the undone steps need is loaded.
const needs = { "[data-add-gate]": "../gates/add.js", "[data-hardware]": "../gates/hardware.js", "[data-new-key]": "../gates/new_key.js" };
for (const [what, script] of Object.entries(needs)) if (list.querySelector(what)) import(script);

const site = document.querySelector("[data-first-site]");
const zones = document.getElementById("all-zones");
for (const value of zones ? Intl.supportedValuesOf("timeZone") : []) zones.append(el("option", { value }));
site?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(site);
  const name = site.elements.site_name.value.trim();
  if (!name) return void problemAt(site, "site_name", _("Give it a name."));
  const id = site.dataset.firstSite;
  try {
    const { version } = await call(`/v1/sites/${id}`);
    await call(`/v1/sites/${id}`, { method: "PATCH", json: { name, time_zone: site.elements.time_zone.value.trim() }, version, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return void problemAt(site, error.body.field === "time_zone" ? "time_zone" : "site_name", error.message);
  }
  again();
  return undefined;
});

const person = document.querySelector("[data-first-person]");
let added = null; // the person of this form, whose photo was refused: the next try is for them too

async function add(blobs) {
  clearProblems(person);
  const value = (name) => person.elements[name].value.trim();
  for (const [field, words] of [["person_name", _("Type the name.")], ["number", _("Type the number.")]]) {
    if (!value(field)) return void problemAt(person, field, words);
  }
  if (!blobs.length) return void problemAt(person, "photo", _("Choose a photo, or use the camera."));
  const button = person.querySelector("button:not([type])");
  button.disabled = true;
  try {
    const { sendPhotos } = await import("../people/photo_verdicts.js");
    if (added?.number !== value("number")) added = await call("/v1/employees", { method: "POST", json: { name: value("person_name"), number: value("number") }, quiet: true });
    const accepted = await sendPhotos(added.id, blobs, person.querySelector(".verdicts"));
    if (accepted) return again(_`${added.name} can be recognised at every gate.`);
    problemAt(person, "photo", _`${added.name} was added, but no photo was accepted. Choose another one.`);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    problemAt(person, error.body.field ?? "number", error.message);
  } finally {
    button.disabled = false;
  }
  return undefined;
}

person?.addEventListener("submit", (event) => {
  event.preventDefault();
  add([...person.elements.photo.files]);
});
person?.querySelector("[data-camera]").addEventListener("click", async () => (await import("../people/camera.js")).openCamera(add));

for (const button of list.querySelectorAll("[data-skip]")) {
  button.addEventListener("click", () => {
    const next = button.closest(".step").nextElementSibling.querySelector("details");
    next.open = true;
    next.querySelector("summary").focus();
  });
}

document.getElementById("end-first-hour").addEventListener("click", async () => {
  await call("/v1/settings", { method: "PATCH", json: { first_hour_over: true } });
  again();
});

document.getElementById("revoke-first-key")?.addEventListener("click", async () => {
  await call(`/v1/keys/${document.getElementById("first-key").dataset.key}`, { method: "DELETE" });
  again(_("The first start's key was revoked."));
});

// What another page, a camera or a person does moves the list too; a form that somebody fills is left alone.
const busy = () => list.querySelector("dialog[open]") || [...list.querySelectorAll("details[open] input")].some((one) => one.type !== "checkbox" && one.type !== "hidden" && one.value !== one.defaultValue);
async function look() {
  if (!document.hidden && !busy()) {
    const now = await call("/v1/first-hour", { background: true, quiet: true }).catch(() => null);
    const next = now?.steps.find((step) => step.state === "next")?.name ?? "";
    if (now && next !== list.dataset.next && !busy()) return again(list.dataset.next === "pass" ? _("Somebody was recognised and let in. The site works.") : "");
  }
  setTimeout(look, LOOK_MS);
  return undefined;
}
// The other steps are done on this page, which loads again by itself.
if (["eyes", "pass"].includes(list.dataset.next)) setTimeout(look, LOOK_MS);
