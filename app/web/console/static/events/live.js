// Live: draws what the event stream sends, and opens or locks gates by hand.

import { look } from "../alerts/bar.js";
import { beep } from "../alerts/sound.js";
import { call, rooted, say, signIn } from "../api.js";
import { heard } from "../contact.js";
import { badge, el, timeOfDay } from "../parts.js";
import { Arrangement } from "./arrange.js";
import { listen } from "./keys.js";
import { Rows } from "./rows.js";
import { large, small } from "./tile.js";
import { _ } from "../words.js";

const OF_A_GATE = 6;
const start = document.getElementById("start");
const { events, after, now, words, explained } = JSON.parse(start.dataset.start);
const NEWS_MS = 10_000; // older events raise no alarm
const ahead = Date.now() - Date.parse(now); // of the service's clock: the reader's may be wrong
const mayOrder = Boolean(start.dataset.byHand);
const lanes = new Map([...document.querySelectorAll(".lane")].map((lane) => [lane.dataset.gate, lane]));
const known = new Map(); // the rows of each gate
const drawn = new Map(); // what each tile shows
const holds = new Map(); // since when a tile shows a refusal that is not the newest
const HOLD_MS = 8_000;
const HOVERS = matchMedia("(hover: hover)").matches; // on a touch screen the last press seems to hover
let acting = null; // the gate that an open dialog is about
const gates = new Map();
const cameras = new Map();
const alerts = new Map(); // the gate of what is open, by id
let last = after;
let caughtUpTo = after; // the last event before the stream began; the stream repeats some older ones

// What happened at a gate

/** The rows of a gate. */
function rowsOf(gate) {
  if (!known.has(gate)) known.set(gate, new Rows(OF_A_GATE));
  return known.get(gate);
}

function add(event) {
  rowsOf(event.gate).add(event);
}

/** Adds what a refused person lacked, in words; the decision does not wait for them. */
async function explain(event) {
  if (!event.employee || event.missing !== undefined || !explained.includes(event.reason)) return;
  event.missing = "";
  const found = await call(`/live/${event.decision_id}/missing`, { quiet: true }).catch(() => null);
  const shown = rowsOf(event.gate).find(event.decision_id);
  if (!found?.words || !shown) return;
  shown.missing = found.words;
  draw(event.gate);
}

/** The refusal that a guard is about to answer stays, for a while, although somebody else came. */
function held(gate, lane, newest) {
  const actions = lane.querySelector(".now-actions");
  const wanted = actions?.matches(":focus-within") || (HOVERS && actions?.matches(":hover")) || (acting === gate && document.querySelector("dialog[open]"));
  const id = lane.querySelector(".now")?.dataset.event;
  const kept = wanted && id !== newest?.decision_id && rowsOf(gate).find(id);
  if (!kept) {
    holds.delete(gate);
    return null;
  }
  if (!holds.has(gate)) holds.set(gate, Date.now());
  if (Date.now() - holds.get(gate) > HOLD_MS && acting !== gate) return null;
  setTimeout(() => draw(gate), 1000);
  return kept;
}

function draw(gate) {
  const lane = lanes.get(gate);
  if (!lane) return;
  const { shown } = rowsOf(gate);
  const first = held(gate, lane, shown[0]) ?? shown[0];
  if (first) explain(first);
  const now = JSON.stringify([first, shown]);
  if (drawn.get(gate) === now) return; // nothing blinks that did not change
  drawn.set(gate, now);
  const focus = lane.contains(document.activeElement) ? document.activeElement : null;
  const before = lane.querySelector(".now")?.dataset;
  const same = first && (before?.event === first.decision_id || before?.since === first.since);
  const { act } = focus?.dataset ?? {};
  const href = focus?.getAttribute("href");
  lane.querySelector(".lane-now").replaceChildren(first ? large(first, words, mayOrder) : el("p", { class: "hint" }, _("No events yet.")));
  lane.querySelector(".lane-list").replaceChildren(...shown.filter((event) => event !== first).map((event) => small(event, words)));
  // What the keyboard was on keeps it; what has left the list gives it to the newest. A button about somebody else never gets it.
  if (act) (same && lane.querySelector(`[data-act="${act}"]`) || lane.querySelector(".now a"))?.focus();
  else if (href) (lane.querySelector(`a[href="${CSS.escape(href)}"]`) ?? lane.querySelector(".now a"))?.focus();
}

/** A lane for a gate that was added since the page was loaded. */
function addLane(gate) {
  const lane = document.getElementById("lane").content.firstElementChild.cloneNode(true);
  lane.dataset.gate = gate;
  const title = lane.querySelector("h2");
  title.textContent = gate;
  title.id = `lane-of-${gate}`;
  lane.setAttribute("aria-labelledby", title.id);
  lane.querySelector(".lane-list").setAttribute("aria-label", _`Earlier at ${gate}`);
  lane.querySelector('[data-order="open"]')?.setAttribute("aria-label", _`Open ${gate} by hand`);
  document.querySelector(".lanes").append(lane);
  document.getElementById("no-gates").hidden = true;
  lanes.set(gate, lane);
  arrangement.drawChips();
  draw(gate);
}

/** More was missed than the stream repeats: takes the last events of each gate. */
async function catchUp() {
  const found = await call("/live/last", { quiet: true }).catch(() => null);
  for (const event of found?.events.reverse() ?? []) add(event);
  for (const gate of lanes.keys()) draw(gate);
}

/** Somebody must look at this gate. */
function troubled(gate) {
  const is = gates.get(gate);
  return [...alerts.values()].includes(gate) || Boolean(is && (is.locked || is.mode !== "normal"));
}

function drawState(gate) {
  const lane = lanes.get(gate);
  const is = gates.get(gate);
  if (!lane || !is) return;
  if (troubled(gate)) arrangement.wake(gate);
  const seen = [...cameras.values()].filter((c) => c.gate === gate);
  lane.classList.toggle("shut", is.locked || is.mode === "lockdown");
  lane.querySelector(".lane-state").replaceChildren(
    ...(is.test ? [badge(_("Test gate"), "warn")] : []),
    ...(is.mode === "normal" ? [] : [badge(is.mode === "lockdown" ? _("Lockdown") : _("Released"), "bad")]),
    ...(is.locked ? [badge(_("Locked by hand"), "bad")] : []),
    ...(is.enabled ? [] : [badge(_("Disabled"))]),
    ...(is.door ? [badge(_`Door ${words.doors[is.door] ?? is.door}`, is.door === "forced" || is.door === "fault" ? "bad" : "")] : []),
    ...seen.map((c) => badge(`${c.camera}: ${words.cameras[c.state] ?? c.state}`, c.state === "working" ? "good" : "warn")));
  const turn = lane.querySelector('[data-order="lock"], [data-order="unlock"]');
  if (turn) {
    turn.dataset.order = is.locked ? "unlock" : "lock";
    turn.textContent = is.locked ? _("Unlock") : _("Lock");
    turn.setAttribute("aria-label", `${turn.textContent} ${gate}`);
  }
}

function alarm(gate) {
  beep("critical");
  const lane = lanes.get(gate);
  if (!lane) return;
  lane.classList.add("alarm");
  setTimeout(() => lane.classList.remove("alarm"), 6000);
}

/** Whether it just happened: not shown before, not sent again, not older than NEWS_MS. */
function isNews({ decision_id, gate, at }) {
  if (rowsOf(gate).has(decision_id) || (caughtUpTo && decision_id <= caughtUpTo)) return false;
  return Date.now() - ahead - Date.parse(at) < NEWS_MS;
}

// The stream

const handlers = {
  decision(event) {
    const news = isNews(event);
    add(event);
    if (!last || event.decision_id > last) last = event.decision_id;
    arrangement.wake(event.gate);
    draw(event.gate);
    if (news && words.alarming.includes(event.reason)) alarm(event.gate);
  },
  gate_result({ decision_id, ...result }) {
    const event = [...known.values()].map((rows) => rows.find(decision_id)).find(Boolean);
    if (!event) return;
    event.gate_result = result;
    draw(event.gate);
  },
  gate(is) {
    if (is.cleared) {
      gates.delete(is.gate);
      lanes.get(is.gate)?.remove();
      lanes.delete(is.gate);
      arrangement.drawChips();
      return;
    }
    if (!lanes.has(is.gate)) addLane(is.gate);
    gates.set(is.gate, is);
    drawState(is.gate);
  },
  camera(is) {
    if (is.cleared) cameras.delete(is.camera);
    else cameras.set(is.camera, is);
    drawState(is.gate);
  },
  alert(is) {
    const fresh = !alerts.has(is.id) && !is.cleared && !is.acknowledged;
    if (is.cleared) alerts.delete(is.id);
    else alerts.set(is.id, is.gate);
    if (troubled(is.gate)) arrangement.wake(is.gate);
    if (settled) look();
    if (fresh && settled) alarm(is.gate);
  },
  gap() {
    if (settled) catchUp();
  },
  fault({ detail: fault }) {
    state(fault ?? _("live"), fault ? "bad" : "good");
  },
  beat() {},
};

let stream = null;
let settled = false; // alerts that were open before the page raise no alarm
let ticked = Date.now();

function state(text, kind) {
  const shown = document.getElementById("state");
  shown.textContent = text;
  shown.className = `badge ${kind}`;
}

function connect() {
  stream?.close();
  settled = false;
  caughtUpTo = last;
  alerts.clear();
  stream = new EventSource(rooted(last ? `/v1/events/stream?after=${encodeURIComponent(last)}` : "/v1/events/stream"));
  stream.addEventListener("open", () => {
    state(_("live"), "good");
    if (!last) catchUp(); // the first event of a site may come between the page and its stream
    setTimeout(() => { settled = true; }, 1500);
  });
  for (const [kind, does] of Object.entries(handlers)) {
    stream.addEventListener(kind, (message) => {
      heard("stream");
      does(JSON.parse(message.data));
    });
  }
  stream.addEventListener("error", lost);
}

async function lost() {
  state(_("connecting again"), "warn");
  caughtUpTo = last;
  if (stream.readyState !== EventSource.CLOSED) return;
  try {
    await call("/v1/alerts?limit=1", { quiet: true });
  } catch (error) {
    if (error.status === 401) return signIn();
  }
  setTimeout(connect, 2000);
}

// After the machine slept, the connection may be dead without an error.
setInterval(() => {
  const slept = Date.now() - ticked > 20000;
  ticked = Date.now();
  if (slept) connect();
}, 5000);
addEventListener("online", connect);

heard("stream");
document.addEventListener("contact", ({ detail: silentS }) => {
  if (silentS) state(_`No connection for ${silentS} s. What you see is old.`, "bad");
  else state(_("live"), "good");
});

// A clock that stands still shows a page that does

const tick = () => { document.getElementById("now").textContent = timeOfDay(Date.now() - ahead); };
tick();
setInterval(tick, 1000);

// By hand

const dialog = document.getElementById("order");
let ordering = null;
const guard = () => import("./guard.js"); // a page that is opened to watch does not wait for it
const lookUp = async (event, gate, ...then) => (await guard()).lookUp(event, gate, ...then);
const ACTS = {
  letIn: async (event, person) => (await guard()).askToLetIn(event, person),
  whoIsThis: (event) => lookUp(event, event.gate, _("Let in|do"), (person) => {
    acting = event.gate;
    ACTS.letIn(event, person);
  }),
  report: async (event) => (await guard()).askToReport(event),
};
const ORDERS = {
  open: [_("Open"), _("One person may pass, as after any decision.")],
  lock: [_("Lock"), _("Nobody gets in until you unlock it. Nobody is kept in: exits are never locked.")],
  unlock: [_("Unlock"), _("The rules decide again.")],
};

if (mayOrder) {
  document.querySelector(".lanes").addEventListener("click", (click) => {
    const button = click.target.closest("[data-order]");
    if (!button) return;
    ask(button.dataset.order, button.closest(".lane").dataset.gate);
  });
  document.querySelector(".lanes").addEventListener("click", ({ target }) => {
    const event = target.dataset.act && rowsOf(target.closest(".lane").dataset.gate).find(target.closest(".now").dataset.event);
    if (!event) return;
    acting = event.gate;
    ACTS[target.dataset.act](event);
  });
  // A dialog that ends gives the tile back to whoever came meanwhile.
  for (const one of document.querySelectorAll("dialog")) {
    one.addEventListener("close", () => setTimeout(() => {
      if (!acting || document.querySelector("dialog[open]")) return;
      lanes.get(acting)?.focus({ preventScroll: true });
      const gate = acting;
      acting = null;
      draw(gate);
    }));
  }
  function ask(order, gate) {
    const [does, hint] = ORDERS[order];
    ordering = { order, gate };
    document.getElementById("order-title").textContent = `${does} ${ordering.gate}`;
    document.getElementById("order-words").textContent = hint;
    document.getElementById("order-do").textContent = does;
    document.getElementById("comment").value = "";
    dialog.showModal();
  }
  const chosen = () => document.activeElement.closest?.(".lane")?.dataset.gate ?? (lanes.size === 1 ? [...lanes.keys()][0] : null);
  listen({
    o: () => (chosen() ? ask("open", chosen()) : say(_("Choose a gate first: press its number."))),
    a: () => document.querySelector("#alert-bar [data-acknowledge]")?.click(),
    "/": () => lookUp(null, chosen() ?? [...lanes.keys()].sort()[0] ?? ""),
  }, (number) => arrangement.show([...lanes.keys()].sort()[number - 1]));
  document.getElementById("find").addEventListener("click", () => lookUp(null, chosen() ?? [...lanes.keys()].sort()[0] ?? ""));
  document.getElementById("order-form").addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const { order, gate } = ordering;
    try {
      await call(`/v1/gates/${encodeURIComponent(gate)}/${order}`, { method: "POST", json: { comment: document.getElementById("comment").value } });
      dialog.close();
      say({ open: _`${gate}: the order to open was recorded.`, lock: _`${gate}: locked.`, unlock: _`${gate}: unlocked.` }[order], "good");
    } catch (error) {
      if (error.name !== "CallError" && !("status" in error)) throw error;
    }
  });
}

for (const event of [...events].sort((a, b) => (a.at < b.at ? -1 : 1))) add(event);
const arrangement = new Arrangement(lanes, (gate) => rowsOf(gate).shown.map((event) => Date.parse(event.at)), () => Date.now() - ahead, troubled);
arrangement.sort();
for (const gate of lanes.keys()) draw(gate);
if (document.getElementById("wall-alarm")) import("./wall.js");
connect();
