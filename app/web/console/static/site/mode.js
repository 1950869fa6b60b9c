// Lockdown and release on every page: the dialog that orders one, and the band while one is in force.

import { call, rooted, say } from "../api.js";
import { el } from "../parts.js";
import { _, counted } from "../words.js";

const ANSWER_MS = 4_000;
const slot = document.getElementById("mode-slot");
const WORDS = {
  lockdown: [_("Lockdown"), _("Nobody gets in until somebody ends it. Exits stay open."), _("Hold to lock down"), _("Lockdown is in force."), _("lock down")],
  release: [_("Emergency release"), _("For fire: gates open for everybody, and stay open until somebody ends it."), _("Hold to release"), _("Gates are released."), _("release")],
};
const holding = () => import("./hold.js"); // only where something can be held: pages stay small
let dialog = null;
let ordering = "lockdown";

/** Draws the band as it is now. Nothing moves under a finger, and nothing is read aloud twice. */
async function refresh() {
  const asked = { headers: { "Facegate-Background": "1" }, signal: AbortSignal.timeout(ANSWER_MS) };
  const answer = await fetch(rooted("/mode-band"), asked).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // `contact.js` and the alerts' own question say so
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".mode-band");
  const now = slot.querySelector(".mode-band");
  if (slot.querySelector(".holding, [data-confirms]") || (now ? now.isEqualNode(next) : !next)) return;
  const focused = slot.contains(document.activeElement);
  const begins = next?.querySelector("[data-muster]") && !now?.querySelector("[data-muster]");
  if (begins && [rooted("/"), rooted("/live")].includes(location.pathname)) {
    location.assign(rooted("/muster")); // whoever watches looks for people now; a form that is being filled stays
    return;
  }
  slot.replaceChildren(...(next ? [next] : []));
  if (next) holding();
  if (focused) (slot.querySelector("button") ?? document.getElementById("main")).focus();
}

// The bar of alerts asks every 5 s; on Live also as soon as the stream says that something happened.
document.addEventListener("alerts", refresh);

const where = () => dialog.querySelector('[name="mode-where"]:checked').value;
const places = () => dialog.querySelector(".mode-gates");

function problem(id, words) {
  const box = dialog.querySelector(`#${id}`);
  box.textContent = words;
  box.hidden = !words;
}

async function open(mode) {
  await holding();
  if (document.getElementById("mode-order")) return; // pressed twice
  const [title, words, does, , orders] = WORDS[mode];
  ordering = mode;
  document.body.append(document.getElementById("mode-order-template").content.cloneNode(true));
  dialog = document.getElementById("mode-order");
  document.getElementById("mode-order-title").textContent = title;
  document.getElementById("mode-order-words").textContent = words;
  const button = document.getElementById("mode-order-do");
  button.textContent = does;
  button.dataset.orders = orders;
  button.classList.add(mode);
  dialog.querySelector("[data-cancels]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("change", ({ target }) => (target.name === "mode-where" ? showPlaces() : problem("mode-gates-problem", "")));
  dialog.addEventListener("close", ({ target }) => target.remove());
  dialog.showModal();
  button.focus();
}

async function showPlaces() {
  problem("mode-gates-problem", "");
  places().hidden = where() === "all";
  if (where() === "all" || places().children.length) return;
  try {
    const { zones, gates } = await call("/mode-band/places", { quiet: true });
    const count = ({ gates: n }) => ` (${counted(n, "{0} gate", "{0} gates")})`;
    places().replaceChildren(
      ...(zones.length ? [group(_("Zones"), "zone", zones.map((zone) => [zone.name, count(zone)]))] : []),
      ...(gates.length ? [group(_("Gates"), "gate", gates.map((name) => [name, ""]))] : []),
    );
    if (!gates.length) problem("mode-gates-problem", _("There is no gate yet."));
  } catch (error) {
    problem("mode-gates-problem", _`The gates could not be read. ${error.message}`);
  }
}

function group(title, kind, named) {
  const box = ([name, more]) => el("label", { class: "choice" }, el("input", { type: "checkbox", value: name, "data-place": kind }), name + more);
  return el("div", { role: "group", "aria-label": title }, el("p", { class: "hint" }, title), ...named.map(box));
}

const chosen = (kind) => (where() === "all" ? [] : [...places().querySelectorAll(`[data-place="${kind}"]:checked`)].map((box) => box.value));

async function order() {
  const [gates, zones] = [chosen("gate"), chosen("zone")];
  if (where() === "chosen" && !gates.length && !zones.length) {
    problem("mode-gates-problem", _("Choose a zone or a gate, or all gates."));
    return;
  }
  problem("mode-problem", "");
  const asked = dialog;
  try {
    const json = { active: true, gates, zones, comment: document.getElementById("mode-reason").value };
    await call(`/v1/${ordering}`, { method: "POST", json, quiet: true });
    asked.close();
    say(WORDS[ordering][3], "good");
  } catch (error) {
    if (asked.open) problem("mode-problem", error.message);
    else say(error.message, "bad");
  }
  refresh();
}

async function end(button) {
  button.disabled = true;
  try {
    await call(`/v1/${button.dataset.ends}`, { method: "POST", json: { active: false } });
    say(_("Ended. The rules decide again."), "good");
  } catch {
    button.disabled = false; // the message says why
  }
  refresh();
}

document.addEventListener("held", ({ target }) => (target.dataset.ends ? end(target) : target.id === "mode-order-do" && order()));
for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => open(button.dataset.mode));
if (slot.querySelector("[data-hold]")) holding();
