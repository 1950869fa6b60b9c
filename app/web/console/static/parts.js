// The components of templates/components.html, built in the browser.

import { _, decimals, language } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** el("p", {class: "hint", onclick: f}, "text", child): an element; false, null and undefined children are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return made;
}

function set(made, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** A sign of thick lines in a box of 24 by 24, beside words that say the same. */
export const sign = (path) => svg("svg", { class: "sign", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));

export const badge = (text, kind = "") => el("span", { class: `badge ${kind}` }, text);

/** A value from 0 to 1 with an optional mark. */
export function bar(value, mark = null, label = "") {
  const at = (x) => Math.min(Math.max(x, 0), 1) * 100;
  const words = `${label} ${decimals(value, 2)}${mark === null ? "" : `, ${_("threshold")} ${decimals(mark, 2)}`}`.trim();
  const parts = [
    svg("rect", { class: "bar-track", width: 100, height: 8 }),
    svg("rect", { class: "bar-value", width: at(value), height: 8 }),
  ];
  if (mark !== null) parts.push(svg("rect", { class: "bar-mark", x: at(mark) - 0.5, width: 1, height: 8 }));
  const kind = mark === null || value >= mark ? "good" : "bad";
  const box = { class: `bar ${kind}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": words };
  return svg("svg", box, ...parts);
}

// The zone of the site, and those of gates elsewhere, are on the bar of alerts, which every page has.
const clock = document.querySelector("[data-zone]");
const siteZone = clock?.dataset.zone ?? "UTC";
const elsewhere = JSON.parse(clock?.dataset.elsewhere ?? "{}");
const formats = new Map();

/** ["2026-11-23", "14:03:05"], on the clock of the zone. */
function wall(date, zone) {
  // Swedish dates are ISO 8601, which English pages show and others read.
  const parts = { timeZone: zone, dateStyle: "short", timeStyle: "medium" };
  if (!formats.has(zone)) formats.set(zone, new Intl.DateTimeFormat("sv-SE", parts));
  return formats.get(zone).format(date).split(" ");
}

const dates = new Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" });

/** A date as the language writes it: "2026-11-23" or "23.11.2026". */
const dayOf = (day) => (language === "en" ? day : dates.format(new Date(day)));

/** The date, the time and the zone of a moment on the gate's or the site's clock. today: whether that is the date now. */
function shown(at, gate) {
  const zone = elsewhere[gate] ?? siteZone;
  const [day, time] = wall(new Date(at), zone);
  return { day: dayOf(day), time, today: day === wall(new Date(), zone)[0], zone: zone === siteZone ? "" : ` ${zone}` };
}

/** A moment as text with its date, as in "2026-11-23 14:03:05". */
export function moment(at) {
  const { day, time, zone } = shown(at);
  return `${day} ${time}${zone}`;
}

/** The time of day on the site's clock, as in "14:03:05". */
export function timeOfDay(at) {
  return wall(new Date(at), siteZone)[1];
}

/** As `when` of page_clock.py. */
export function when(at, gate) {
  const { day, time, today, zone } = shown(at, gate);
  return el("time", { datetime: at, title: at }, el("span", { class: today ? "today" : "date" }, `${day} `), time, zone);
}

/** The instant of a `datetime-local` field's value, on the clock of the gate or the site; null for an empty field. */
export function instantOf(typed, gate) {
  if (!typed) return null;
  const zone = elsewhere[gate] ?? siteZone;
  const wanted = Date.parse(`${typed}Z`);
  let at = wanted;
  // Twice: the first guess may lie on the other side of a clock change.
  for (let i = 0; i < 2; i += 1) at += wanted - Date.parse(`${wall(new Date(at), zone).join("T")}Z`);
  return new Date(at).toISOString();
}

/** The value of a `datetime-local` field for an instant, on the site's clock. */
export function typedTime(at) {
  return wall(new Date(at), siteZone).join("T").slice(0, 16);
}

/** Shows a sentence beside a field, for eyes and screen readers, and moves there. A field that the form lacks: false. */
export function problemAt(form, name, words) {
  const field = form.elements[name];
  const input = field instanceof RadioNodeList ? field[0] : field;
  if (!input) return false;
  const id = `${input.id || name}-problem`;
  const box = el("p", { class: "field-problem", id, role: "alert" }, words);
  (input.closest(".field, fieldset") ?? input.parentElement).append(box);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  input.focus();
  return true;
}

/** Removes what `problemAt` showed. */
export function clearProblems(form) {
  for (const box of form.querySelectorAll(".field-problem")) {
    for (const input of form.querySelectorAll(`[aria-describedby~="${box.id}"]`)) {
      input.removeAttribute("aria-invalid");
      const others = input.getAttribute("aria-describedby").split(" ").filter((id) => id !== box.id);
      if (others.length) input.setAttribute("aria-describedby", others.join(" "));
      else input.removeAttribute("aria-describedby");
    }
    box.remove();
  }
}
