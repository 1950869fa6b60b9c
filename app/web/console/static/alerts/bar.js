// The bar of alerts on every page: what nobody has acknowledged, counted in the tab's title and icon, and heard.

import { call } from "../api.js";
import { heard } from "../contact.js";
import { badge, el, when } from "../parts.js";
import { allow, beep, blocked } from "./sound.js";
import { _ } from "../words.js";

const SILENT = "duress"; // whoever forces somebody to open must hear nothing
const EVERY_MS = 5_000;
const ANSWER_MS = 4_000;
const MOST = 200; // as many as one answer holds
const ROWS = matchMedia("(max-width: 40rem)").matches ? 1 : 3; // the page is below them
const bar = document.getElementById("alert-bar");
const words = JSON.parse(bar.dataset.words);
const mayAnswer = Boolean(bar.dataset.mayAnswer);
const title = document.title;
const icon = document.querySelector('link[rel="icon"]');
const plainIcon = icon.getAttribute("href");
let open = []; // what nobody has acknowledged, newest first
let drawn = "";

/** Alerts of one kind at one place, as one row: "6 x Somebody may have followed in at dock". */
function groups() {
  const found = new Map();
  for (const alert of open) {
    const key = `${alert.kind} ${alert.gate} ${alert.camera}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(alert);
  }
  return [...found.values()].sort((a, b) => (a[0].severity === b[0].severity ? 0 : a[0].severity === "critical" ? -1 : 1));
}

const place = ({ gate, camera }) => (gate ? ` at ${gate}` : camera ? ` at ${camera}` : "");
const named = (group) => `${group.length > 1 ? `${group.length} × ` : ""}${words[group[0].kind] ?? group[0].kind}${place(group[0])}`;

function row(group) {
  const [newest] = group;
  const oldest = group[group.length - 1];
  const over = group.every((alert) => alert.cleared_at);
  const ids = group.map((alert) => alert.id).join(" ");
  return el("li", { class: `alert-row ${newest.severity}` },
    badge(newest.severity === "critical" ? _("Critical") : _("Warning"), newest.severity === "critical" ? "bad" : "warn"),
    el("span", { class: "alert-words" }, el("strong", {}, named(group)), newest.detail ? el("span", { class: "alert-detail" }, ` · ${newest.detail}`) : "",
      el("span", { class: "alert-since" }, group.length > 1 ? ` · ${_("first")} ` : " · ", when(oldest.at, oldest.gate), group.length > 1 ? `, ${_("last")} ` : "", group.length > 1 ? when(newest.at, newest.gate) : "",
        ` · ${over ? _("over, not acknowledged") : _("lasts")}`)),
    mayAnswer && el("button", { type: "button", class: "small second", "data-acknowledge": ids, "data-about": named(group) }, _("Acknowledge")));
}

function draw() {
  const shown = groups();
  const count = open.length >= MOST ? `${MOST}+` : String(open.length);
  document.title = open.length ? `(${count}) ${title}` : title;
  drawIcon(open.length);
  const now = JSON.stringify([open, blocked()]);
  if (now === drawn) return; // nothing moves under a finger or loses the focus
  drawn = now;
  const focused = document.activeElement?.dataset?.acknowledge;
  const rest = shown.length - ROWS;
  bar.hidden = !shown.length && !blocked();
  bar.querySelector(".alert-rows").replaceChildren(...shown.slice(0, ROWS).map(row));
  const more = bar.querySelector(".alert-more");
  more.hidden = rest <= 0;
  more.textContent = _`${rest} more. All ${count} alerts`;
  bar.querySelector(".alert-blocked").hidden = !blocked();
  if (focused) bar.querySelector(`[data-acknowledge="${focused}"]`)?.focus();
}

/** The icon with the number in a red circle. */
function drawIcon(count) {
  if (!count) {
    icon.href = plainIcon;
    return;
  }
  const text = count > 9 ? "9+" : String(count);
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b57a4"/><circle cx="16" cy="16" r="13" fill="#b3261e"/><text x="16" y="22" font-family="sans-serif" font-size="${text.length > 1 ? 14 : 18}" font-weight="700" text-anchor="middle" fill="#fff">${text}</text></svg>`;
  icon.href = `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}

/** What nobody has acknowledged, newest first, as of the last answer: for a script that was loaded after it. */
export const openAlerts = () => open;

let asks = 0;
let shownAsk = 0; // the last ask that is shown: an earlier one may be answered later, and is old then

/** Asks what is open now. The page is old if this gets no answer. */
export async function look() {
  const mine = ++asks;
  try {
    const { items } = await call(`/v1/alerts?limit=${MOST}`, { quiet: true, background: true, signal: AbortSignal.timeout(ANSWER_MS) });
    heard("alerts");
    if (mine < shownAsk) return;
    shownAsk = mine;
    const before = new Set(open.map((alert) => alert.id));
    open = items.filter((alert) => !alert.acknowledged);
    if (open.some((alert) => alert.kind !== SILENT && !before.has(alert.id))) sound();
    draw();
    document.dispatchEvent(new CustomEvent("alerts", { detail: open }));
  } catch {
    // `contact.js` says so once it has lasted.
  }
}

let soundedAt = 0;

function sound() {
  const audible = open.filter((alert) => alert.kind !== SILENT);
  if (!audible.length) return;
  soundedAt = Date.now();
  beep(audible.some((alert) => alert.severity === "critical") ? "critical" : "warning");
}

// Acknowledging, here and on the page of alerts

let ids = [];

/** The dialog, which is there while somebody needs it: no other form of the page has its fields beside its own. */
function dialog() {
  const fresh = document.getElementById("acknowledge-template").content.firstElementChild.cloneNode(true);
  fresh.querySelector("[data-closes]").addEventListener("click", () => fresh.close());
  fresh.querySelector("form").addEventListener("submit", acknowledge);
  fresh.addEventListener("close", () => fresh.remove());
  document.body.append(fresh);
  return fresh;
}

document.addEventListener("click", (click) => {
  const button = click.target.closest("[data-acknowledge]");
  if (!button) return;
  const asked = dialog();
  ids = button.dataset.acknowledge.split(" ");
  document.getElementById("acknowledge-about").textContent = button.dataset.about;
  asked.showModal();
});

async function acknowledge(submit) {
  submit.preventDefault();
  const asked = submit.target.closest("dialog");
  const problem = document.getElementById("acknowledge-problem");
  const comment = document.getElementById("acknowledge-note").value;
  try {
    const { items } = await call("/v1/alerts/acknowledge", { method: "POST", json: { ids, comment }, quiet: true });
    asked.close();
    document.dispatchEvent(new CustomEvent("acknowledged", { detail: items }));
    await look();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

bar.querySelector(".alert-allow").addEventListener("click", async () => (await allow()) && beep("warning"));
document.addEventListener("sound", draw);
setInterval(() => {
  look();
  if (open.length && Date.now() - soundedAt >= EVERY_MS - 500) sound();
}, EVERY_MS);
heard("alerts");
look();
