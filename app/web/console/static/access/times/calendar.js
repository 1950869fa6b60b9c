// A calendar's page: a year on which days are marked, their names, and iCalendar files in and out.

import { call, rooted, say, sayNext } from "../../api.js";
import { el } from "../../parts.js";
import { ask } from "../change.js";
import { remove, save, unsaved } from "../saving.js";
import { YearView, dayWords, keyOf } from "./year_view.js";
import { _, counted } from "../../words.js";

const form = document.getElementById("calendar");
const id = form.dataset.id;
const list = document.getElementById("days");

let entry = null;
// By key: "2027-03-26", or "12-25" for every year. The value is the day's name.
let days = new Map();
const forgotten = new Map(); // names of days that were taken out, in case they come back
const year = new YearView(document.getElementById("year"), Number(form.dataset.year), { marks, toggle, moved: showDays });

/** What marks a date: its key in `days`, or undefined. */
function marks(date) {
  if (days.has(date)) return date;
  return days.has(date.slice(5)) ? date.slice(5) : undefined;
}

const nameOf = (date) => days.get(marks(date)) ?? "";

function toggle(date) {
  const key = marks(date);
  if (key === undefined) put(date, forgotten.get(date) ?? "");
  else take(key);
  changed();
  const all = key?.length === 5 ? _`${dayWords(key)} is taken out of every year.` : "";
  if (all) say(all);
}

function put(key, name) {
  days.set(key, name);
}

function take(key) {
  forgotten.set(key, days.get(key));
  days.delete(key);
}

function changed() {
  unsaved(true);
  show();
}

function show() {
  year.show(nameOf);
  showDays();
}

/** The list beside the year: the days that it has, with their names. */
function showDays() {
  const shown = [...days].filter(([key]) => key.length === 5 || key.startsWith(`${year.year}-`)).sort(([a], [b]) => keyOf(a).localeCompare(keyOf(b)));
  document.getElementById("days-title").textContent = _`Days in ${year.year}`;
  document.getElementById("count").textContent = shown.length === days.size ? "" : _`${days.size} in all years`;
  document.getElementById("no-days").hidden = shown.length > 0;
  list.replaceChildren(...shown.map(([key, name]) => dayRow(key, name)));
}

function dayRow(key, name) {
  const yearly = key.length === 5;
  const words = dayWords(yearly ? `${year.year}-${key}` : key);
  const input = el("input", { value: name, maxlength: 100, placeholder: _("No name"), "aria-label": _`Name of ${words}`, autocomplete: "off" });
  input.addEventListener("input", () => {
    days.set(key, input.value.trim());
    unsaved(true);
    year.show(nameOf);
  });
  const box = el("input", { type: "checkbox", checked: yearly, "aria-label": _`${words} in every year` });
  box.addEventListener("change", () => {
    const kept = days.get(key);
    days.delete(key);
    const [to] = box.checked ? [key.slice(5)] : [`${year.year}-${key}`];
    // A date that is marked by itself would be there twice.
    if (box.checked) for (const other of [...days.keys()]) if (other.length > 5 && other.slice(5) === to) days.delete(other);
    days.set(to, kept);
    changed();
    list.querySelector(`[data-key="${to}"] input[type=checkbox]`)?.focus();
  });
  const out = el("button", { type: "button", class: "quiet icon-only", "aria-label": _`Remove ${words}` }, "×");
  out.addEventListener("click", () => {
    take(key);
    changed();
  });
  return el("li", { "data-key": key }, el("span", { class: "day-words" }, words), input, el("label", { class: "choice" }, box, el("span", {}, _("every year"))), out);
}

const body = () => ({
  name: form.elements.name.value.trim(),
  days: [...days].map(([date, name]) => ({ date, name: name || null })),
});
form.elements.name.addEventListener("input", () => unsaved(true));

const daysIn = (calendar) => calendar.days.map((day) => `${day.date}${day.name ? ` ${day.name}` : ""}`).sort();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = (calendar) => [[_("Name"), calendar.name], [_("Days"), daysIn(calendar).join(", ") || _("none")]];
  const target = entry ? { action: "patch", id: entry.id, version: entry.version, does: _("Save") } : { action: "create", does: _("Add") };
  const saved = await save(form, { kind: "calendars", ...target, body: body(), describe: words });
  if (!saved) return;
  sayNext(_("Saved. It applies from the next decision."));
  location.assign(rooted(`/access/calendars/${saved.id}?year=${year.year}`));
});

const deletion = document.getElementById("delete");
deletion?.addEventListener("click", async () => {
  if (!(await remove("calendars", entry))) return;
  unsaved(false);
  sayNext(_("The calendar was deleted."));
  location.assign(rooted("/access/calendars"));
});

for (const button of document.querySelectorAll("[data-year-step]")) {
  button.addEventListener("click", () => {
    year.go(year.year + Number(button.dataset.yearStep));
    show();
  });
}

// Files: read by the service, shown here, and part of the calendar only once it is saved.

const file = document.getElementById("file");
const problem = document.getElementById("file-problem");
file.addEventListener("change", chosen);
chosen(); // a file that was chosen before this script ran

async function chosen() {
  const [taken] = file.files;
  if (!taken) return;
  file.value = "";
  problem.textContent = "";
  let found;
  try {
    found = await call("/v1/calendar-files", { method: "POST", form: new Blob([taken], { type: "text/calendar" }), quiet: true });
  } catch (error) {
    if (error.status === undefined) throw error;
    problem.textContent = `${taken.name}: ${error.message}`;
    return;
  }
  await preview(taken.name, found);
}

async function preview(name, found) {
  const fresh = found.days.filter((day) => marks(day.date) === undefined);
  const rows = found.days.map((day) =>
    el("tr", {}, el("td", { class: "nowrap" }, dayWords(day.date, true)), el("td", {}, day.name ?? ""), el("td", {}, day.date.length === 5 ? _("every year") : "", marks(day.date) === undefined ? "" : el("span", { class: "faint" }, ` ${_("already here")}`))),
  );
  const head = el("thead", {}, el("tr", {}, [_("Day"), _("Name"), ""].map((text) => el("th", { scope: "col" }, text || el("span", { class: "visually-hidden" }, _("Notes"))))));
  const parts = [
    el("p", {}, counted(found.days.length, "{0} day, {1} of them new. Nothing is saved yet.", "{0} days, {1} of them new. Nothing is saved yet.", fresh.length)),
    found.days.length > 0 && el("div", { class: "table-wrap preview-days", tabindex: 0, role: "region", "aria-label": _("Days of the file") }, el("table", {}, head, el("tbody", {}, rows))),
    found.left_out.length > 0 && el("details", { class: "notice warn" }, el("summary", {}, _`Left out: ${found.left_out.length}`), el("ul", {}, found.left_out.map((why) => el("li", {}, why)))),
  ].filter(Boolean);
  const buttons = [[_("Cancel"), "back", "second"]];
  if (found.days.length && days.size) buttons.push([_("Replace all days"), "replace", "second"]);
  if (fresh.length) buttons.push([counted(fresh.length, "Add {0} day", "Add {0} days"), "add", ""]);
  const answer = await ask(_`Days in ${name}`, parts, buttons);
  if (answer === "back") return;
  if (answer === "replace") days = new Map();
  for (const day of found.days) if (marks(day.date) === undefined) put(day.date, day.name ?? "");
  for (const key of [...days.keys()]) if (key.length > 5 && days.has(key.slice(5))) days.delete(key);
  changed();
  say(_("The days are marked. Save the calendar to keep them."), "good");
}

if (id) {
  entry = await call(`/v1/calendars/${id}`);
  deletion.disabled = false;
  days = new Map(entry.days.map((day) => [day.date, day.name ?? ""]));
}
year.go(year.year);
show();
form.hidden = false;
