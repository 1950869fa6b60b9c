// Live: draws what the event stream sends, and opens or locks gates by hand.

import { look } from "../alerts/bar.js";
import { beep } from "../alerts/sound.js";
import { call, rooted, say, signIn } from "../api.js";
import { heard } from "../contact.js";
import { badge, bar, el, timeOfDay, when } from "../parts.js";

const OF_A_GATE = 6;
const start = document.getElementById("start");
const { events, after, now, words, explained } = JSON.parse(start.dataset.start);
const NEWS_MS = 10_000; // older events raise no alarm
const ahead = Date.now() - Date.parse(now); // of the service's clock: the reader's may be wrong
const mayOrder = Boolean(start.dataset.byHand);
const lanes = new Map([...document.querySelectorAll(".lane")].map((lane) => [lane.dataset.gate, lane]));
const known = new Map(); // what is shown, by the event's id
const gates = new Map();
const cameras = new Map();
const alerts = new Set(); // the ids of what is open
let last = after;
let caughtUpTo = after; // the last event before the stream began; the stream repeats some older ones

// What happened at a gate

function face(source, words) {
  const image = el("img", { src: source, alt: words, width: 96, height: 96 });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "no-face", role: "img", "aria-label": `${words}: no picture` }, "?")));
  return image;
}

const kind = (event) => (event.decision === "open" ? "open" : event.method === "command" ? "order" : "deny");

function who(event) {
  return event.employee?.name ?? (event.comment ? event.comment : "");
}

function large(event) {
  const like = event.similarity !== null && event.similarity !== undefined;
  return el("article", { class: `now ${kind(event)}`, "data-event": event.decision_id },
    el("div", { class: "faces" },
      event.snapshot && face(rooted(`/v1/events/${event.decision_id}/snapshot`), "At the gate"),
      event.employee && face(rooted(`/portraits/${event.employee.id}`), `Enrolled photo of ${event.employee.name}`)),
    el("div", { class: "now-words" },
      el("p", { class: "now-reason" }, el("a", { href: rooted(`/log/${event.decision_id}`) }, words.reasons[event.reason] ?? event.reason)),
      el("p", { class: "now-who" }, who(event)),
      event.missing && el("p", { class: "now-missing" }, event.missing),
      like && el("div", { class: "like" }, bar(event.similarity, event.threshold, "Similarity"),
        el("span", { class: "faint" }, `${event.similarity.toFixed(2)}${event.threshold === null ? "" : `, threshold ${event.threshold.toFixed(2)}`}`)),
      el("p", { class: "faint" }, when(event.at, event.gate), event.camera ? ` · ${event.camera}` : "",
        event.gate_result ? ` · ${words.outcomes[event.gate_result.outcome]}` : "")));
}

/** Adds what a refused person lacked, in words; the decision does not wait for them. */
async function explain(event) {
  if (!event.employee || event.missing !== undefined || !explained.includes(event.reason)) return;
  event.missing = "";
  const found = await call(`/live/${event.decision_id}/missing`, { quiet: true }).catch(() => null);
  if (!found?.words || !known.has(event.decision_id)) return;
  known.get(event.decision_id).missing = found.words;
  draw(event.gate);
}

function small(event) {
  return el("li", { class: kind(event) },
    el("a", { href: rooted(`/log/${event.decision_id}`) }, words.reasons[event.reason] ?? event.reason),
    el("span", { class: "lane-who" }, who(event)), when(event.at, event.gate));
}

function draw(gate) {
  const lane = lanes.get(gate);
  if (!lane) return;
  const shown = [...known.values()].filter((e) => e.gate === gate).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.decision_id < b.decision_id ? 1 : -1));
  for (const old of shown.splice(OF_A_GATE)) known.delete(old.decision_id);
  const [first, ...rest] = shown;
  if (first) explain(first);
  const focused = lane.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  lane.querySelector(".lane-now").replaceChildren(first ? large(first) : el("p", { class: "hint" }, "No events yet."));
  lane.querySelector(".lane-list").replaceChildren(...rest.map(small));
  // What the keyboard was on keeps it; what has left the list gives it to the newest.
  if (focused) (lane.querySelector(`a[href="${CSS.escape(focused)}"]`) ?? lane.querySelector(".now a"))?.focus();
}

/** A lane for a gate that was added since the page was loaded. */
function addLane(gate) {
  const lane = document.getElementById("lane").content.firstElementChild.cloneNode(true);
  lane.dataset.gate = gate;
  const title = lane.querySelector("h2");
  title.textContent = gate;
  title.id = `lane-of-${gate}`;
  lane.setAttribute("aria-labelledby", title.id);
  lane.querySelector(".lane-list").setAttribute("aria-label", `Earlier at ${gate}`);
  lane.querySelector('[data-order="open"]')?.setAttribute("aria-label", `Open ${gate} by hand`);
  document.querySelector(".lanes").append(lane);
  document.getElementById("no-gates").hidden = true;
  lanes.set(gate, lane);
  draw(gate);
}

/** More was missed than the stream repeats: takes the last events from the page as it would be loaded now. */
async function catchUp() {
  const answer = await fetch(rooted("/live")).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("start");
  if (!fresh) return;
  for (const event of JSON.parse(fresh.dataset.start).events) known.set(event.decision_id, event);
  for (const gate of lanes.keys()) draw(gate);
}

function drawState(gate) {
  const lane = lanes.get(gate);
  const is = gates.get(gate);
  if (!lane || !is) return;
  const seen = [...cameras.values()].filter((c) => c.gate === gate);
  lane.classList.toggle("shut", is.locked || is.mode === "lockdown");
  lane.querySelector(".lane-state").replaceChildren(
    ...(is.test ? [badge("Test gate", "warn")] : []),
    ...(is.mode === "normal" ? [] : [badge(is.mode === "lockdown" ? "Lockdown" : "Released", "bad")]),
    ...(is.locked ? [badge("Locked by hand", "bad")] : []),
    ...(is.enabled ? [] : [badge("Disabled")]),
    ...(is.door ? [badge(`Door ${is.door}`, is.door === "forced" || is.door === "fault" ? "bad" : "")] : []),
    ...seen.map((c) => badge(`${c.camera}: ${words.cameras[c.state] ?? c.state}`, c.state === "working" ? "good" : "warn")));
  const turn = lane.querySelector('[data-order="lock"], [data-order="unlock"]');
  if (turn) {
    turn.dataset.order = is.locked ? "unlock" : "lock";
    turn.textContent = is.locked ? "Unlock" : "Lock";
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
function isNews({ decision_id, at }) {
  if (known.has(decision_id) || (caughtUpTo && decision_id <= caughtUpTo)) return false;
  return Date.now() - ahead - Date.parse(at) < NEWS_MS;
}

// The stream

const handlers = {
  decision(event) {
    const news = isNews(event);
    known.set(event.decision_id, { ...known.get(event.decision_id), ...event });
    if (!last || event.decision_id > last) last = event.decision_id;
    draw(event.gate);
    if (news && words.alarming.includes(event.reason)) alarm(event.gate);
  },
  gate_result({ decision_id, ...result }) {
    const event = known.get(decision_id);
    if (!event) return;
    event.gate_result = result;
    draw(event.gate);
  },
  gate(is) {
    if (is.cleared) {
      gates.delete(is.gate);
      lanes.get(is.gate)?.remove();
      lanes.delete(is.gate);
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
    else alerts.add(is.id);
    if (settled) look();
    if (fresh && settled) alarm(is.gate);
  },
  gap() {
    if (settled) catchUp();
  },
  fault({ detail: fault }) {
    state(fault ?? "live", fault ? "bad" : "good");
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
    state("live", "good");
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
  state("reconnecting", "warn");
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
  if (silentS) state(`No connection for ${silentS} s. What you see is old.`, "bad");
  else state("live", "good");
});

// A clock that stands still shows a page that does

const tick = () => { document.getElementById("now").textContent = timeOfDay(Date.now() - ahead); };
tick();
setInterval(tick, 1000);

// By hand

const dialog = document.getElementById("order");
let ordering = null;
const ORDERS = {
  open: ["Open", "One person may pass, as after any decision."],
  lock: ["Lock", "Nobody gets in until you unlock it. Nobody is kept in: exits are never locked."],
  unlock: ["Unlock", "The rules decide again."],
};

if (mayOrder) {
  document.querySelector(".lanes").addEventListener("click", (click) => {
    const button = click.target.closest("[data-order]");
    if (!button) return;
    const [does, hint] = ORDERS[button.dataset.order];
    ordering = { order: button.dataset.order, gate: button.closest(".lane").dataset.gate };
    document.getElementById("order-title").textContent = `${does} ${ordering.gate}`;
    document.getElementById("order-words").textContent = hint;
    document.getElementById("order-do").textContent = does;
    document.getElementById("comment").value = "";
    dialog.showModal();
  });
  document.getElementById("order-form").addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const { order, gate } = ordering;
    try {
      await call(`/v1/gates/${encodeURIComponent(gate)}/${order}`, { method: "POST", json: { comment: document.getElementById("comment").value } });
      dialog.close();
      say(`${gate}: ${{ open: "the order to open was recorded", lock: "locked", unlock: "unlocked" }[order]}.`, "good");
    } catch (error) {
      if (error.name !== "CallError" && !("status" in error)) throw error;
    }
  });
}

for (const event of events) known.set(event.decision_id, event);
for (const gate of lanes.keys()) draw(gate);
connect();
