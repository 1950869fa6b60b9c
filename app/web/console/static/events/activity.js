// Activity: more rows on scrolling, new ones on top, saved views, print. The timeline has a file of its own.

import { call, rooted, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { onPaper } from "./paper.js";
import { drawTimeline } from "./timeline.js";
import { _ } from "../words.js";

const MOST_CHUNKS = 30; // of 50 rows
const LOOK_MS = 1_000; // news that come together are asked for once
const AGAIN_MS = 5_000; // after the stream was refused
const NEAR_TOP_PX = 80;
const rows = document.getElementById("rows");
const end = document.getElementById("end");
const query = () => new URLSearchParams(rows.dataset.query);

const form = document.getElementById("filters");
// On a phone the fields would hide the rows.
const narrow = matchMedia("(max-width: 52rem)");
const fold = () => {
  form.closest("details").open = !narrow.matches || form.querySelector('[aria-invalid="true"]') !== null;
};
narrow.addEventListener("change", fold); // a phone that is turned
fold();
form.addEventListener("submit", (submit) => {
  submit.preventDefault();
  const wanted = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim()) wanted.set(name, value.trim());
  }
  location.assign(rooted(`/activity${wanted.size ? `?${wanted}` : ""}`));
});
for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());

// More rows

let fetching = false;

/** background: the page asks by itself, which does not keep the session from ending when nobody uses it. */
async function chunkOf(wanted, { background = false } = {}) {
  const answer = await fetch(rooted(`/activity/rows?${wanted}`), { headers: background ? { "Facegate-Background": "1" } : {} });
  if (!answer.ok || answer.redirected) throw new Error("refused");
  return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".chunk");
}

async function more() {
  const last = rows.lastElementChild;
  const { next } = last.dataset;
  if (fetching || !next) return;
  fetching = true;
  end.textContent = _("Loading more …");
  const wanted = query();
  wanted.set("cursor", next);
  const chunk = await chunkOf(wanted).catch(() => null);
  fetching = false;
  // Otherwise newer rows took the place of those that it follows.
  if (last.isConnected) {
    if (!chunk) {
      end.replaceChildren(`${_("Could not load more.")} `, button(_("Try again"), "small second", more));
      return;
    }
    rows.append(chunk);
    dropNewest();
    end.textContent = chunk.dataset.next ? "" : _("No more events.");
  }
  look();
}

/** Takes away the newest rows where the page has too many. */
function dropNewest() {
  const chunks = rows.querySelectorAll(".chunk");
  if (chunks.length <= MOST_CHUNKS) return;
  const height = chunks[0].getBoundingClientRect().height;
  chunks[0].remove();
  scrollBy(0, -height);
  trimmed = true;
  stopLive();
  top(_("Back to the newest"), () => location.reload());
}

function button(words, kind, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = words;
  made.addEventListener("click", does);
  return made;
}

/** One button above the page, in place of an earlier one. */
function top(words, does) {
  document.getElementById("newest")?.remove();
  const made = button(words, "small newest", does);
  made.id = "newest";
  document.body.append(made);
}

function look() {
  if (document.documentElement.scrollHeight - innerHeight - scrollY < 1500) more();
}

if (rows) {
  addEventListener("scroll", look, { passive: true });
  look();
}

// New rows

let stream = null;
let waiting = null; // the newest page, until it may be shown
let timer = 0;
let trimmed = false; // the newest rows were taken away, after much scrolling

/** Whether rows may move: nobody reads further down, points at one or has the keyboard there. */
function calm() {
  const reading = scrollY > NEAR_TOP_PX || rows.contains(document.activeElement);
  return !reading && !(matchMedia("(hover: hover)").matches && rows.matches(":hover"));
}

async function refresh() {
  timer = 0;
  let chunk;
  try {
    chunk = await chunkOf(query(), { background: true });
  } catch {
    return; // the next event asks again
  }
  if (trimmed) return; // the newest rows were taken away meanwhile
  const shown = new Set([...rows.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
  const ids = [...chunk.querySelectorAll("[data-id]")].map((row) => row.dataset.id);
  // A refusal that happens again has its row's place, under another id.
  const fresh = shown.size ? ids.findIndex((id) => shown.has(id)) : ids.length;
  if (fresh === 0) return;
  waiting = chunk;
  if (calm()) show();
  else top(fresh < 0 ? _("Many new rows") : _`${fresh} new`, () => { show(); scrollTo({ top: 0 }); });
}

/** Shows the newest page in place of the rows; what came after it is loaded again on scrolling. */
function show() {
  if (!waiting) return;
  for (const old of rows.querySelectorAll(".chunk")) old.remove();
  rows.append(waiting);
  waiting = null;
  document.getElementById("newest")?.remove();
  end.textContent = rows.lastElementChild.dataset.next ? "" : _("No more events.");
  look();
}

function happened() {
  if (!timer) timer = setTimeout(refresh, LOOK_MS);
}

function startLive() {
  if (stream || document.hidden || trimmed) return;
  stream = new EventSource(rooted("/v1/events/stream"));
  let began = false; // the stream begins with what is open already
  setTimeout(() => { began = true; }, 1500);
  stream.addEventListener("decision", happened);
  stream.addEventListener("alert", () => { if (began) happened(); });
  stream.addEventListener("open", happened);
  stream.addEventListener("error", () => {
    // The browser connects again by itself, but not after an answer such as 503.
    if (stream?.readyState !== EventSource.CLOSED) return;
    stopLive();
    setTimeout(startLive, AGAIN_MS);
  });
}

function stopLive() {
  stream?.close();
  stream = null;
}

if (rows?.dataset.live) {
  startLive();
  document.addEventListener("visibilitychange", () => (document.hidden ? stopLive() : startLive()));
  addEventListener("scroll", () => { if (waiting && calm()) show(); }, { passive: true });
}

// Saved views

const views = document.getElementById("views");
const saving = document.getElementById("save-view");
saving.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  clearProblems(saving);
  const name = saving.elements.name.value.trim();
  if (!name) return problemAt(saving, "name", _("Give it a name, such as “Night shift”."));
  try {
    await call("/v1/account/views", { method: "POST", json: { name, query: saving.dataset.query }, quiet: true });
  } catch (error) {
    if (!("status" in error)) throw error;
    return problemAt(saving, "name", error.message);
  }
  sayNext(_`Saved as “${name}”.`);
  return location.reload();
});
views.addEventListener("click", async ({ target }) => {
  const id = target.dataset.remove;
  if (!id) return;
  await call(`/v1/account/views/${encodeURIComponent(id)}`, { method: "DELETE" });
  sayNext(_("The view was removed."));
  location.reload();
});

onPaper(() => (rows?.lastElementChild.dataset.next ? _`. Shows the newest ${rows.querySelectorAll("[data-id]").length} rows; older events match too.` : ""));
drawTimeline(document.getElementById("timeline"));
