// A schedule's page: a week that is drawn, the same windows as fields, calendars that replace them, and what comes of it.

import { call, rooted, sayNext } from "../../api.js";
import { clearProblems, el } from "../../parts.js";
import { remove, save, showError, unsaved } from "../saving.js";
import { DAY, DAYS, DAY_NAMES, clock, endWords, minutes, windowWords } from "./week_words.js";
import { WeekDrawing } from "./week_drawing.js";
import { dayWords } from "./year_view.js";
import { _ } from "../../words.js";

const form = document.getElementById("schedule");
const id = form.dataset.id;
const names = new Map(JSON.parse(form.dataset.calendars)); // of all calendars, by id
const list = document.getElementById("windows");
const onCalendar = document.getElementById("on-calendar");
const preview = document.getElementById("preview");

// windows: [{days: [0 is Monday], start, length}], in minutes. on_calendar: [{calendar, windows: [{start, length}]}].
let entry = null;
let draft = { windows: [], on_calendar: [] };
const drawing = new WeekDrawing(document.getElementById("week"), {
  changed: (windows) => change(() => (draft.windows = windows)),
  chosen: (at) => list.children[at]?.querySelector("input[type=time]").focus(),
});

const fromApi = (hours) => ({ ...hours, start: minutes(hours.start), length: minutes(hours.length) });
const toApi = ({ start, length }) => ({ start: clock(start), length: clock(length, true) });

function read(schedule) {
  return {
    windows: schedule.windows.map((window) => ({ ...fromApi(window), days: window.days.map((day) => DAYS.indexOf(day)) })),
    on_calendar: schedule.on_calendar.map((one) => ({ calendar: one.calendar, windows: one.windows.map(fromApi) })),
  };
}

const body = () => ({
  name: form.elements.name.value.trim(),
  windows: draft.windows.map((window) => ({ days: [...window.days].sort().map((day) => DAYS[day]), ...toApi(window) })),
  on_calendar: draft.on_calendar.map((one) => ({ calendar: one.calendar, windows: one.windows.map(toApi) })),
});

/** Makes a change of the draft, and shows it everywhere but in the field that the person is in. */
function change(make, { fields = true } = {}) {
  make();
  unsaved(true);
  if (fields) showFields();
  drawing.show(draft.windows);
  askPreview();
}

// The fields.

function showFields() {
  list.replaceChildren(...draft.windows.map((window, at) => windowFields(window, at)));
  onCalendar.replaceChildren(...draft.on_calendar.map((one, at) => calendarFields(one, at)));
  const taken = new Set(draft.on_calendar.map((one) => one.calendar));
  const free = [...names].filter(([calendar]) => !taken.has(calendar));
  const choice = form.elements.add_calendar;
  choice.replaceChildren(new Option(_("Add a calendar …"), ""), ...free.map(([calendar, name]) => new Option(name, calendar)));
  choice.closest(".field").hidden = !free.length;
}

function windowFields(window, at) {
  const days = DAY_NAMES.map((day, number) => {
    const box = el("input", { type: "checkbox", checked: window.days.includes(number), onchange: () => toggle(window, number, box.checked) });
    return el("label", { class: "day-choice" }, box, el("span", {}, day));
  });
  const row = el("fieldset", { class: "window" }, el("legend", { class: "visually-hidden" }, _`Window ${at + 1}`));
  const note = el("p", { class: "hint window-note" }, windowWords(window));
  const tell = () => (note.textContent = windowWords(window));
  row.append(
    el("div", { class: "day-choices", role: "group", "aria-label": _("Starts on") }, days),
    hoursFields(window, tell),
    el("button", { type: "button", class: "quiet", "aria-label": _`Remove window ${at + 1}`, onclick: () => removeWindow(at) }, _("Remove")),
    note,
  );
  row.addEventListener("focusin", () => drawing.highlight(at));
  row.addEventListener("focusout", () => drawing.highlight(-1));

  function toggle(of, day, on) {
    change(() => (of.days = on ? [...of.days, day].sort() : of.days.filter((one) => one !== day)), { fields: false });
    tell();
  }
  return row;
}

/** Two time fields for the hours; an end that is not after the start is on the next day. */
function hoursFields(hours, changed) {
  const start = el("input", { type: "time", required: true, value: clock(hours.start), "aria-label": _("From"), oninput: take });
  const end = el("input", { type: "time", required: true, value: clock(hours.start + hours.length), "aria-label": _("Until"), oninput: take });
  const next = el("span", { class: "faint next-day" }, endWords(hours));

  function take() {
    if (!start.value || !end.value) return;
    const from = minutes(start.value);
    const length = ((minutes(end.value) - from + DAY - 1) % DAY) + 1;
    change(() => Object.assign(hours, { start: from, length }), { fields: false });
    next.textContent = endWords(hours);
    changed();
  }
  return el("div", { class: "hours" }, start, el("span", { "aria-hidden": "true" }, "–"), end, next);
}

function removeWindow(at) {
  change(() => draft.windows.splice(at, 1));
  (list.children[Math.min(at, list.children.length - 1)]?.querySelector("button") ?? document.getElementById("add-window")).focus();
}

document.getElementById("add-window").addEventListener("click", () => {
  const busy = new Set(draft.windows.flatMap((window) => window.days));
  const days = [0, 1, 2, 3, 4].filter((day) => !busy.has(day));
  change(() => draft.windows.push({ days, start: 8 * 60, length: 9 * 60 }));
  list.lastElementChild.querySelector("input").focus();
});

function calendarFields(one, at) {
  const name = names.get(one.calendar) ?? _("A calendar that is gone");
  const hours = one.windows.map((window, number) =>
    el("li", {}, hoursFields(window, () => {}), el("button", { type: "button", class: "quiet", "aria-label": _`Remove hours ${number + 1} on ${name}`, onclick: () => change(() => one.windows.splice(number, 1)) }, _("Remove"))),
  );
  const move = (by, label) =>
    el("button", { type: "button", class: "quiet icon-only", "aria-label": label, disabled: !draft.on_calendar[at + by], onclick: () => change(() => swap(at, at + by)) }, by < 0 ? "↑" : "↓");
  return el(
    "li",
    { class: "calendar-hours" },
    el("div", { class: "card-head" }, el("h3", {}, el("a", { href: rooted(`/access/calendars/${one.calendar}`) }, name)),
      el("div", { class: "actions" }, draft.on_calendar.length > 1 && [move(-1, _`Move ${name} up`), move(1, _`Move ${name} down`)],
        el("button", { type: "button", class: "quiet", "aria-label": _`Remove ${name}`, onclick: () => change(() => draft.on_calendar.splice(at, 1)) }, _("Remove")))),
    hours.length ? el("ul", { class: "plain-list" }, hours) : el("p", {}, _("Closed on its dates.")),
    el("button", { type: "button", class: "second small", "aria-label": _`Add hours on ${name}`, onclick: () => change(() => one.windows.push(freeHours(one.windows))) }, hours.length ? _("Add hours") : _("Open at other hours")),
  );
}

function swap(a, b) {
  const all = draft.on_calendar;
  [all[a], all[b]] = [all[b], all[a]];
}

function freeHours(windows) {
  const start = Math.max(8 * 60, ...windows.map((one) => one.start + one.length)) % DAY;
  return { start, length: Math.min(4 * 60, DAY - start) };
}

form.elements.add_calendar.addEventListener("change", (event) => {
  const calendar = event.target.value;
  if (calendar) change(() => draft.on_calendar.push({ calendar, windows: [] }));
  onCalendar.lastElementChild?.querySelector("button:not([disabled])").focus();
});
form.elements.name.addEventListener("input", () => unsaved(true));

// What comes of it: asked of the service, which alone decides when a gate opens.

let asked;
let waiting;

// What was found wrong before this change may be right now.
function askPreview() {
  clearTimeout(waiting);
  clearProblems(form);
  form.classList.remove("wrong");
  waiting = setTimeout(showPreview, 250);
}

async function showPreview() {
  asked?.abort();
  asked = new AbortController();
  const { windows, on_calendar } = body();
  if (!windows.length) {
    document.getElementById("next").textContent = _("Not known until there is a window.");
    preview.replaceChildren();
    return;
  }
  try {
    const found = await call("/v1/schedule-previews", { method: "POST", json: { windows, on_calendar }, quiet: true, signal: asked.signal });
    document.getElementById("next").textContent = found.words;
    document.getElementById("skipped").replaceChildren(...found.warnings.map((warning) => el("p", { class: "notice warn" }, warning)));
    preview.replaceChildren(...found.days.map(previewDay));
    form.classList.remove("wrong");
  } catch (error) {
    if (error.name === "AbortError") return;
    form.classList.add("wrong");
    document.getElementById("next").textContent = _("Not known until the windows are right.");
    preview.replaceChildren();
    if (error.body?.field) showError(form, error);
  }
}

function previewDay(day) {
  const strip = el("div", { class: "strip", "aria-hidden": "true" });
  for (const [from, until] of day.open) {
    const piece = el("span", { class: "strip-open" });
    piece.style.left = `${(from / DAY) * 100}%`;
    piece.style.width = `${((until - from) / DAY) * 100}%`;
    strip.append(piece);
  }
  const label = el("span", { class: "strip-day" }, dayWords(day.date));
  return el("li", {}, label, strip, el("span", { class: "strip-words" }, day.words, day.calendar && el("span", { class: "faint" }, ` · ${day.calendar}`)));
}

// Saving.

const target = () => (entry ? { action: "patch", id: entry.id, version: entry.version, does: _("Save") } : { action: "create", does: _("Add") });

const words = (schedule) => [
  [_("Name"), schedule.name],
  [_("Windows"), read(schedule).windows.map(windowWords).join("; ") || _("none")],
  [_("On calendars"), read(schedule).on_calendar.map((one) => `${names.get(one.calendar) ?? "?"}: ${one.windows.map((w) => `${clock(w.start)}–${clock(w.start + w.length)}`).join(", ") || _("closed")}`).join("; ") || _("none")],
];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const saved = await save(form, { kind: "schedules", ...target(), body: body(), describe: words });
  if (!saved) return;
  const warned = saved.warnings.map((warning) => warning.detail).join(" ");
  sayNext(warned ? _`Saved. ${warned}` : _("Saved. It applies from the next decision."), warned ? "bad" : "good");
  location.assign(rooted(`/access/schedules/${saved.id}`));
});

const deletion = document.getElementById("delete");
deletion?.addEventListener("click", async () => {
  if (!(await remove("schedules", entry))) return;
  unsaved(false);
  sayNext(_("The schedule was deleted."));
  location.assign(rooted("/access/schedules"));
});

if (id) {
  entry = await call(`/v1/schedules/${id}`);
  deletion.disabled = false;
  draft = read(entry);
} else {
  draft.windows = [{ days: [0, 1, 2, 3, 4], start: 7 * 60, length: 12 * 60 }];
}
showFields();
drawing.show(draft.windows);
form.hidden = false;
showPreview();
