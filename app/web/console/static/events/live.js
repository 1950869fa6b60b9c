// Live: draws what the stream tells, and orders gates by hand.

import { call, rooted, say, signIn } from "../api.js";
import { badge, bar, el, when } from "../parts.js";

const OF_A_GATE = 6;
const start = document.getElementById("start");
const { events, after, now, words } = JSON.parse(start.dataset.start);
const NEWS_MS = 10_000; // what is older is no reason for an alarm
const ahead = Date.now() - Date.parse(now); // of the service's clock: the reader's may be wrong
const mayOrder = Boolean(start.dataset.byHand);
const lanes = new Map([...document.querySelectorAll(".lane")].map((lane) => [lane.dataset.gate, lane]));
const known = new Map(); // what is shown, by the event's id
const gates = new Map();
const cameras = new Map();
const alerts = new Map();
let last = after;
let heard = after; // what was known as the stream began: older decisions are sent again

// What happened at a gate

function face(source, words) {
  const image = el("img", { src: source, alt: words, width: 96, height: 96 });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "no-face", role: "img", "aria-label": `${words}: none` }, "?")));
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
      like && el("div", { class: "like" }, bar(event.similarity, event.threshold, "Similarity"),
        el("span", { class: "faint" }, `${event.similarity.toFixed(2)}${event.threshold === null ? "" : ` of ${event.threshold.toFixed(2)}`}`)),
      el("p", { class: "faint" }, when(event.at), event.camera ? ` · ${event.camera}` : "",
        event.gate_result ? ` · ${words.outcomes[event.gate_result.outcome]}` : "")));
}

function small(event) {
  return el("li", { class: kind(event) },
    el("a", { href: rooted(`/log/${event.decision_id}`) }, words.reasons[event.reason] ?? event.reason),
    el("span", { class: "lane-who" }, who(event)), when(event.at));
}

function draw(gate) {
  const lane = lanes.get(gate);
  if (!lane) return;
  const shown = [...known.values()].filter((e) => e.gate === gate).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.decision_id < b.decision_id ? 1 : -1));
  for (const old of shown.splice(OF_A_GATE)) known.delete(old.decision_id);
  const [first, ...rest] = shown;
  lane.querySelector(".lane-now").replaceChildren(first ? large(first) : el("p", { class: "hint" }, "Nothing happened here yet."));
  lane.querySelector(".lane-list").replaceChildren(...rest.map(small));
}

function drawState(gate) {
  const lane = lanes.get(gate);
  const is = gates.get(gate);
  if (!lane || !is) return;
  const seen = [...cameras.values()].filter((c) => c.gate === gate);
  lane.classList.toggle("shut", is.locked || is.mode === "lockdown");
  lane.querySelector(".lane-state").replaceChildren(
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

function drawAlerts() {
  document.getElementById("alerts").replaceChildren(...[...alerts.values()].map((a) =>
    el("p", { class: "notice bad" }, el("strong", {}, words.alerts[a.kind] ?? a.kind), a.gate ? ` at ${a.gate}` : "", a.detail ? `: ${a.detail}` : "", " ", when(a.at),
      a.acknowledged ? badge("Acknowledged") : mayOrder && el("button", { type: "button", class: "small second", "data-acknowledge": a.id }, "Acknowledge"))));
}

document.getElementById("alerts").addEventListener("click", async ({ target }) => {
  if (!target.dataset.acknowledge) return;
  target.disabled = true;
  await call(`/v1/alerts/${target.dataset.acknowledge}/acknowledge`, { method: "POST", json: {} }).catch(() => { target.disabled = false; });
});

// Sound: off until somebody wants it, as browsers demand

let ears = null;
document.getElementById("sound").addEventListener("click", (click) => {
  if (ears) ears.close();
  ears = ears ? null : new AudioContext();
  click.target.setAttribute("aria-pressed", String(Boolean(ears)));
  click.target.textContent = ears ? "Sound is on" : "Sound is off";
  if (ears) beep(660, 0.1);
});

function beep(pitch = 880, seconds = 0.35) {
  if (!ears) return;
  const tone = ears.createOscillator();
  const volume = ears.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0.2, ears.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, ears.currentTime + seconds);
  tone.connect(volume).connect(ears.destination);
  tone.start();
  tone.stop(ears.currentTime + seconds);
}

function alarm(gate) {
  beep();
  const lane = lanes.get(gate);
  if (!lane) return;
  lane.classList.add("alarm");
  setTimeout(() => lane.classList.remove("alarm"), 6000);
}

/** Whether it happens now: not shown before, not sent again, not missed a while ago. */
function isNews({ decision_id, at }) {
  if (known.has(decision_id) || (heard && decision_id <= heard)) return false;
  return Date.now() - ahead - Date.parse(at) < NEWS_MS;
}

// The stream

const hear = {
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
    if (!is.cleared && !lanes.has(is.gate)) location.reload();
    gates.set(is.gate, is);
    drawState(is.gate);
  },
  camera(is) {
    if (is.cleared) cameras.delete(is.camera);
    else cameras.set(is.camera, is);
    drawState(is.gate);
  },
  alert(is) {
    const fresh = !alerts.has(is.id);
    if (is.cleared) alerts.delete(is.id);
    else alerts.set(is.id, is);
    drawAlerts();
    if (fresh && !is.cleared && settled) alarm(is.gate);
  },
  gap() {
    if (settled) location.reload();
  },
  fault({ words: fault }) {
    state(fault ?? "live", fault ? "bad" : "good");
  },
};

let stream = null;
let settled = false; // the alerts that stand already are no news
let beat = Date.now();

function state(text, kind) {
  const shown = document.getElementById("state");
  shown.textContent = text;
  shown.className = `badge ${kind}`;
}

function connect() {
  stream?.close();
  settled = false;
  heard = last;
  alerts.clear();
  stream = new EventSource(rooted(last ? `/v1/events/stream?after=${encodeURIComponent(last)}` : "/v1/events/stream"));
  stream.addEventListener("open", () => {
    state("live", "good");
    setTimeout(() => { settled = true; drawAlerts(); }, 1500);
  });
  for (const [kind, does] of Object.entries(hear)) stream.addEventListener(kind, (message) => does(JSON.parse(message.data)));
  stream.addEventListener("error", lost);
}

async function lost() {
  state("reconnecting", "warn");
  heard = last;
  if (stream.readyState !== EventSource.CLOSED) return;
  try {
    await call("/v1/alerts?limit=1", { quiet: true });
  } catch (error) {
    if (error.status === 401) return signIn();
  }
  setTimeout(connect, 2000);
}

// After a sleep the connection may be dead without anybody having said so.
setInterval(() => {
  const slept = Date.now() - beat > 20000;
  beat = Date.now();
  if (slept) connect();
}, 5000);
addEventListener("online", connect);

// By hand

const dialog = document.getElementById("order");
let ordering = null;
const ORDERS = {
  open: ["Open", "One person may pass, as after any decision."],
  lock: ["Lock", "Nobody is let in until it is unlocked. Nobody is kept in: egress is never locked."],
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
      say(`${gate}: ${{ open: "opened", lock: "locked", unlock: "unlocked" }[order]}.`, "good");
    } catch (error) {
      if (error.name !== "CallError" && !("status" in error)) throw error;
    }
  });
}

for (const event of events) known.set(event.decision_id, event);
for (const gate of lanes.keys()) draw(gate);
connect();
