// The muster: ticks, from several devices at once, and corrections.

import { call, CallError, rooted, say, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { _ } from "../words.js";

const ASK_MS = 2_000;
const list = document.getElementById("muster");
const rows = () => [...list.querySelectorAll("[data-person]")];
const inside = () => rows().filter((row) => !row.closest('[aria-labelledby="elsewhere"]'));
const sending = new Map(); // how often a person's tick is on its way: an older answer must not undo it

document.getElementById("print").addEventListener("click", () => print());

function show(row, ticked) {
  row.classList.toggle("ticked", ticked);
  row.querySelector("[data-tick]")?.setAttribute("aria-pressed", ticked);
  row.querySelector(".box").textContent = ticked ? _("seen") : "";
}

function sum() {
  const people = inside();
  const seen = people.filter((row) => row.classList.contains("ticked")).length;
  list.querySelector("[data-missing]").textContent = list.dataset.lasts ? people.length - seen : people.length;
  if (list.querySelector("[data-seen]")) list.querySelector("[data-seen]").textContent = seen;
  filter();
}

function filter() {
  const form = document.querySelector("[data-filter]");
  const words = form.elements.find.value.trim().toLowerCase();
  const missing = form.elements.missing?.checked;
  for (const row of rows()) row.hidden = !row.dataset.text.includes(words) || Boolean(missing && row.classList.contains("ticked"));
}

async function tick(row) {
  const { person } = row.dataset;
  const ticked = !row.classList.contains("ticked");
  sending.set(person, (sending.get(person) ?? 0) + 1);
  show(row, ticked);
  sum();
  try {
    const held = await call(`/v1/muster/${person}/ticked`, { method: "POST", json: { ticked } });
    show(row, held.ticked);
  } catch {
    show(row, !ticked); // the reason is shown
  } finally {
    sending.set(person, sending.get(person) - 1);
    sum();
  }
}

/** Takes over what others ticked. Other people on the list: the page is read again, unless somebody types. */
async function ask() {
  const before = new Map(sending);
  const answer = await call("/v1/muster/ticks", { quiet: true, background: true }).catch(() => null);
  if (!answer) return; // the bar says that the service is silent
  if (answer.version !== list.dataset.version) {
    if (!document.querySelector("dialog[open]")) await renew();
    return;
  }
  for (const row of rows()) {
    const { person } = row.dataset;
    if (!sending.get(person) && sending.get(person) === before.get(person)) show(row, person in answer.ticked);
  }
  sum();
}

async function renew() {
  const answer = await fetch(rooted("/muster"), { headers: { "Facegate-Background": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById("muster");
  if (!next) return;
  if (next.dataset.lasts !== list.dataset.lasts) {
    location.reload();
    return;
  }
  const typed = document.querySelector("[data-filter]");
  const kept = { find: typed.elements.find.value, missing: typed.elements.missing?.checked, focused: typed.contains(document.activeElement) };
  list.dataset.version = next.dataset.version;
  list.replaceChildren(...next.children);
  const form = document.querySelector("[data-filter]");
  form.elements.find.value = kept.find;
  if (form.elements.missing) form.elements.missing.checked = kept.missing;
  if (kept.focused) form.elements.find.focus();
  sum();
}

async function again(path, json, words) {
  try {
    await call(path, { method: "POST", json });
  } catch {
    return; // the reason is shown
  }
  sayNext(words);
  location.reload();
}

document.querySelector("[data-begins]")?.addEventListener("click", () => again("/v1/muster", {}, _("The roll call has begun.")));
document.querySelector("[data-ends]")?.addEventListener("click", () => again("/v1/muster/end", undefined, _("The roll call has ended.")));

const dialog = document.getElementById("correction");
let correcting = null; // path, method, and the fields that the form adds

function correct(title, what, count) {
  const form = dialog.querySelector("form");
  form.reset();
  clearProblems(form);
  correcting = what;
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("[data-of-person]").hidden = what.field !== "place";
  dialog.querySelector("[data-of-unknown]").hidden = what.field !== "count";
  if (count !== undefined) form.elements.count.value = count;
  dialog.showModal();
}

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  clearProblems(form);
  if (!form.elements.comment.value.trim()) {
    problemAt(form, "comment", _("Say why, such as “left by the fire exit”."));
    return;
  }
  if (correcting.field === "count" && !/^\d+$/.test(form.elements.count.value.trim())) {
    problemAt(form, "count", _("How many are there? 0 if nobody is."));
    return;
  }
  const value = correcting.field === "count" ? Number(form.elements.count.value) : form.elements.place.value;
  try {
    await call(correcting.path, { method: correcting.method, json: { [correcting.field]: value, comment: form.elements.comment.value.trim() }, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    problemAt(form, "comment", error.message);
    return;
  }
  dialog.close();
  say(_("Corrected."), "good");
  renew();
});

list?.addEventListener("click", ({ target }) => {
  const row = target.closest(".muster-row");
  if (target.closest("[data-tick]")) tick(row);
  else if (target.closest("[data-correct]")) correct(_`Where is ${row.dataset.name}?`, { path: `/v1/employees/${row.dataset.person}/presence`, method: "POST", field: "place" });
  else if (target.closest("[data-unknown]")) {
    const { unknown, count } = target.closest("[data-unknown]").dataset;
    correct(_("Unknown people"), { path: `/v1/occupancy/${unknown}/unknown`, method: "PUT", field: "count" }, count);
  }
});
document.addEventListener("input", ({ target }) => target.closest("[data-filter]") && filter());
document.addEventListener("submit", (event) => event.target.matches("[data-filter]") && event.preventDefault());
if (list) {
  // One question after another's answer: in an evacuation many devices ask.
  const follow = async () => {
    if (!document.hidden) await ask();
    setTimeout(follow, ASK_MS);
  };
  setTimeout(follow, ASK_MS);
}
