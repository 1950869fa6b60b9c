// One import: its progress, its rows by outcome, and the buttons that apply or end it.

import { call, rooted, sayNext } from "../api.js";
import { badge, el } from "../parts.js";
import { saveLinks } from "../people/invitations/links.js";
import { _, counted, decimals, number } from "../words.js";

const head = document.querySelector("[data-import]");
const path = `/v1/imports/${head.dataset.import}`;
const WORDS = { added: _("added"), changed: _("changed"), unchanged: _("unchanged"), refused: _("refused") };
const KINDS = { added: "good", changed: "info", unchanged: "", refused: "bad" };

// Progress

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${decimals(seconds / 3600, 1)} h`;
}

function progress(job) {
  const bar = document.getElementById("progress");
  bar.max = job.rows ?? 1;
  bar.value = job.done;
  const parts = [];
  if (job.rows !== null) parts.push(_`${number(job.done)} of ${number(job.rows)} rows`);
  if (job.rows_per_s) parts.push(_`${decimals(job.rows_per_s, 1)} people a second`);
  if (job.eta_s !== null) parts.push(_`about ${duration(job.eta_s)} left`);
  document.getElementById("pace").textContent = parts.join(", ") || _("Waiting for its turn …");
  for (const [key, count] of Object.entries(job.counts)) {
    const field = document.querySelector(`[data-count="${key}"]`);
    if (field) field.textContent = number(count);
  }
}

if (head.dataset.running) {
  const events = new EventSource(rooted(`${path}/events`));
  events.addEventListener("progress", (event) => {
    const job = JSON.parse(event.data);
    if (job.state !== "waiting" && job.state !== "running") {
      events.close();
      location.reload();
    } else progress(job);
  });
}

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call(`${path}/${button.dataset.do}`, { method: "POST" });
      if (button.dataset.do === "cancel") sayNext(_("Ended. Rows that were applied stay applied."), "info");
    } finally {
      location.reload();
    }
  });
}

// Rows

const rows = document.getElementById("rows");
const more = document.getElementById("more");
let show = "problems";
let next = null;
let asked;

function row(one) {
  const linked = one.employee_id ? el("a", { href: rooted(`/employees/${one.employee_id}`) }, one.number) : one.number;
  const source = rooted(`${path}/rows/${one.line}/picture`);
  const picture = one.has_picture ? el("img", { class: "refused-photo", src: source, alt: _("The refused photo"), loading: "lazy" }) : null;
  const unseen = one.recognisable === false ? badge(_("cannot be recognised"), "warn") : null;
  const said = one.problems.map((p) => el("li", {}, p.photo ? el("code", {}, `${p.photo} `) : null, p.detail));
  const photos = one.photos ? counted(one.photos, "{0} photo accepted", "{0} photos accepted") : "";
  return el(
    "tr",
    {},
    el("td", { class: "right number" }, String(one.line)),
    el("td", {}, linked, one.name ? el("div", { class: "faint" }, one.name) : null),
    el("td", {}, badge(WORDS[one.outcome], KINDS[one.outcome]), unseen),
    el("td", {}, picture, said.length ? el("ul", {}, said) : el("span", { class: "faint" }, photos)),
  );
}

async function load(after) {
  const query = new URLSearchParams();
  if (show === "all") query.set("all_rows", "true");
  else if (show === "unrecognisable") query.set("unrecognisable", "true");
  else if (show !== "problems") query.set("outcome", show);
  if (after) query.set("cursor", after);
  asked?.abort(); // a slow answer must not replace a later one
  asked = new AbortController();
  const answer = await call(`${path}?${query}`, { signal: asked.signal }).catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
  if (!answer) return;
  const { problems } = answer;
  if (!after) rows.replaceChildren();
  rows.append(...problems.items.map(row));
  next = problems.next;
  more.hidden = !next;
  document.getElementById("no-rows").hidden = rows.childElementCount > 0;
}

more.addEventListener("click", () => load(next));
const chips = [...document.querySelectorAll("[data-show]")];
for (const chip of chips) {
  chip.addEventListener("click", () => {
    show = chip.dataset.show;
    for (const other of chips) other.setAttribute("aria-pressed", String(other === chip));
    load(null);
  });
}
load(null);

// Links for everybody whom no photo makes recognisable

document.getElementById("invite")?.addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  try {
    const people = [];
    for (let after = ""; after !== null;) {
      const { problems } = await call(`${path}?unrecognisable=true&limit=500${after && `&cursor=${after}`}`);
      people.push(...problems.items.map((one) => one.employee_id).filter(Boolean));
      after = problems.next;
    }
    await saveLinks(people);
  } finally {
    button.disabled = false;
  }
});
