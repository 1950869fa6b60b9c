// The form of a rule: it is read when the page opens, and what it would change is shown before it is saved.

import { call, CallError, rooted, say, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { change, refusal } from "./change.js";
import { People, tick, ticked, tickedWords } from "./pickers.js";
import { _ } from "../words.js";

const form = document.getElementById("rule");
const { id } = form.dataset;
const PLACES = ["zones", "gates", "sites"];
// Where a refusal belongs that names no field of its own.
const FIELDS = { rule_reaches_nobody: "who", rule_reaches_nothing: "where", bad_valid_from: "valid_from", bad_valid_until: "valid_until", bad_note: "note", bad_name: "name", name_taken: "name" };
let version;

const everybody = () => form.elements.who.value === "everybody";
const everywhere = () => form.elements.where.value === "everywhere";
const people = new People(form, draw);

function body() {
  const text = (name) => form.elements[name].value.trim() || null;
  return {
    name: form.elements.name.value.trim(),
    who: everybody() ? { everybody: true } : { groups: ticked(form, "groups"), people: people.ids },
    where: everywhere() ? { everywhere: true } : Object.fromEntries(PLACES.map((name) => [name, ticked(form, name)])),
    schedule: text("schedule"),
    valid_from: text("valid_from"),
    valid_until: text("valid_until"),
    note: text("note"),
  };
}

function fill(rule) {
  version = rule.version;
  for (const name of ["name", "schedule", "valid_from", "valid_until", "note"]) form.elements[name].value = rule[name] ?? "";
  form.elements.who.value = rule.who.everybody ? "everybody" : "some";
  form.elements.where.value = rule.where.everywhere ? "everywhere" : "some";
  tick(form, "groups", rule.who.groups ?? []);
  people.set((rule.who.people ?? []).map((one) => [one, rule.names[one] ?? one]));
  for (const name of PLACES) tick(form, name, rule.where[name] ?? []);
  draw();
}

function sentence() {
  const schedule = form.elements.schedule.selectedOptions[0].textContent.trim();
  const dates = ["valid_from", "valid_until"].filter((name) => form.elements[name].value).map((name) => `${name.slice(6)} ${form.elements[name].value}`);
  const who = everybody() ? _("Everybody") : [...tickedWords(form, "groups"), ...people.chosen.values()].join(", ") || _("nobody yet");
  const where = everywhere() ? _("everywhere") : PLACES.flatMap((name) => tickedWords(form, name)).join(", ") || _("no gate yet");
  return `${who} · ${where} · ${[schedule, ...dates].join(", ")}`;
}

function draw() {
  document.querySelector('[data-shows="who"]').hidden = everybody();
  document.querySelector('[data-shows="where"]').hidden = everywhere();
  document.getElementById("preview").textContent = sentence();
}

/** A rule as [label, text] pairs, to compare two of them. */
function describe(rule) {
  const names = { ...words(), ...rule.names };
  const all = (...lists) => lists.flat().filter(Boolean).map((one) => names[one] ?? one).join(", ");
  return [
    [_("Name"), rule.name],
    [_("Who"), rule.who.everybody ? _("Everybody") : all(rule.who.groups, rule.who.people)],
    [_("Where"), rule.where.everywhere ? _("Everywhere") : all(rule.where.sites, rule.where.zones, rule.where.gates)],
    [_("Hours"), rule.schedule ? names[rule.schedule] ?? rule.schedule : _("always")],
    [_("Valid from"), rule.valid_from ?? _("any date")],
    [_("Valid until"), rule.valid_until ?? _("any date")],
    [_("Note"), rule.note ?? _("none")],
  ];
}

/** The names of everything on this page, by id. */
function words() {
  const boxes = [...form.querySelectorAll("[data-checks] input[type='checkbox']")].map((box) => [box.value, box.parentElement.textContent.trim()]);
  const schedules = [...form.elements.schedule.options].map((one) => [one.value, one.textContent.trim()]);
  return Object.fromEntries([...boxes, ...schedules, ...people.chosen]);
}

function refused(error) {
  if (!(error instanceof CallError)) throw error;
  const field = (error.body.field ?? FIELDS[error.code] ?? "").split(".")[0];
  if (field && problemAt(form, field, refusal(error))) return;
  const box = document.getElementById("refused");
  box.textContent = refusal(error);
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

function complete(rule) {
  if (!rule.name) return !problemAt(form, "name", _("Give the rule a name, such as “Staff by day”."));
  if (!everybody() && !rule.who.groups.length && !rule.who.people.length) return !problemAt(form, "who", _("Choose a group or a person, or everybody."));
  if (!everywhere() && !PLACES.some((name) => rule.where[name].length)) return !problemAt(form, "where", _("Choose a place, or everywhere."));
  return true;
}

async function make(action, does, done) {
  clearProblems(form);
  document.getElementById("refused").hidden = true;
  const rule = body();
  if (action !== "delete" && !complete(rule)) return;
  try {
    const made = await change({ kind: "rules", action, id: id || undefined, version, body: rule, does, describe });
    if (made === undefined) return;
    sayNext(made?.warnings?.length ? `${done} ${made.warnings[0].detail}` : done, made?.warnings?.length ? "info" : "good");
    location.assign(rooted("/access/rules"));
  } catch (error) {
    refused(error);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  make(id ? "patch" : "create", _("Save"), _("Saved. It applies from the next decision."));
});
document.getElementById("remove")?.addEventListener("click", () => make("delete", _("Remove the rule"), _("The rule was removed.")));
form.addEventListener("input", draw);

if (id) {
  fill(await call(`/v1/rules/${id}`));
} else {
  const preset = JSON.parse(form.dataset.preset);
  if (preset.group) { form.elements.who.value = "some"; tick(form, "groups", [preset.group]); }
  if (preset.gate) { form.elements.where.value = "some"; tick(form, "gates", [preset.gate]); }
  if (preset.person) {
    form.elements.who.value = "some";
    await call(`/v1/employees/${preset.person}`).then((one) => people.set([[one.id, one.name]]), () => say(_("That person is gone."), "bad"));
  }
  draw();
}
