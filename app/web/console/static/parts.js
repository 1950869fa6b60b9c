// The components of templates/components.html, built in the browser.

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

export const badge = (text, kind = "") => el("span", { class: `badge ${kind}` }, text);

/** A value from 0 to 1 with an optional mark. */
export function bar(value, mark = null, label = "") {
  const at = (x) => Math.min(Math.max(x, 0), 1) * 100;
  const words = `${label} ${value.toFixed(2)}${mark === null ? "" : `, threshold ${mark.toFixed(2)}`}`.trim();
  const parts = [
    svg("rect", { class: "bar-track", width: 100, height: 8 }),
    svg("rect", { class: "bar-value", width: at(value), height: 8 }),
  ];
  if (mark !== null) parts.push(svg("rect", { class: "bar-mark", x: at(mark) - 0.5, width: 1, height: 8 }));
  const kind = mark === null || value >= mark ? "good" : "bad";
  const box = { class: `bar ${kind}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": words };
  return svg("svg", box, ...parts);
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** A moment in the reader's time zone; only the time if it is today. */
export function moment(at) {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? TIME.format(date) : `${DAY.format(date)}, ${TIME.format(date)}`;
}

export const when = (at) => el("time", { datetime: at, title: at }, moment(at));
