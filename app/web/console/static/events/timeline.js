// The timeline: how many events fall into each part of the range. A drag, or two sliders, choose a shorter one.

import { rooted } from "../api.js";
import { el, moment } from "../parts.js";
import { _ } from "../words.js";

const PART = 10; // the width of a part in the drawing

/** Loads the drawing when the page has its rows. box: an empty place for it; null: the page has none. */
export async function drawTimeline(box) {
  if (!box) return;
  const answer = await fetch(rooted(`/activity/timeline?${box.dataset.query}`), { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    box.replaceChildren(el("p", { class: "hint" }, await wrong(answer)));
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  box.replaceChildren(...page.body.children);
  const drawing = box.querySelector(".timeline");
  if (drawing) choose(drawing);
}

/** Why there is no drawing, in the service's words if it gave any. */
async function wrong(answer) {
  if (!answer) return _("The service cannot be reached, so there is no timeline.");
  if (answer.redirected) return _("You are signed out. Load the page again.");
  const { detail } = await answer.json().catch(() => ({}));
  return _`There is no timeline: ${detail ?? _("the service did not answer as usual.")}`;
}

function choose(drawing) {
  const edges = JSON.parse(drawing.dataset.edges);
  const parts = edges.length - 1;
  const plot = drawing.querySelector("svg");
  const chosen = drawing.querySelector(".timeline-chosen");
  const hand = drawing.querySelector("form");
  const [from, until] = hand.querySelectorAll("input");
  const show = hand.querySelector("button");

  function mark(first, last) {
    chosen.setAttribute("x", first * PART);
    chosen.setAttribute("width", (last - first) * PART);
    [from.value, until.value] = [first, last];
    from.setAttribute("aria-valuetext", moment(edges[first]));
    until.setAttribute("aria-valuetext", moment(edges[last]));
    show.disabled = first === 0 && last === parts;
    show.textContent = show.disabled ? _("Show this range") : _`Show ${moment(edges[first])} to ${moment(edges[last])}`;
  }

  function go() {
    const query = new URLSearchParams(document.getElementById("timeline").dataset.query);
    for (const name of ["from", "to"]) query.delete(name);
    query.set("when", `${moment(edges[from.value])} - ${moment(edges[until.value])}`);
    location.assign(rooted(`/activity?${query}`));
  }

  from.addEventListener("input", () => mark(Number(from.value), Math.max(Number(from.value) + 1, Number(until.value))));
  until.addEventListener("input", () => mark(Math.min(Number(from.value), Number(until.value) - 1), Number(until.value)));
  hand.addEventListener("submit", (submit) => {
    submit.preventDefault();
    go();
  });

  // By mouse or finger
  const partAt = ({ clientX }) => {
    const { left, width } = plot.getBoundingClientRect();
    return Math.min(parts - 1, Math.max(0, Math.floor((clientX - left) / width * parts)));
  };
  let began = null;
  const span = (event) => [Math.min(began, partAt(event)), Math.max(began, partAt(event)) + 1];
  plot.addEventListener("pointerdown", (press) => {
    if (press.button !== 0) return;
    began = partAt(press);
    plot.setPointerCapture(press.pointerId);
    mark(began, began + 1);
  });
  plot.addEventListener("pointermove", (move) => began !== null && mark(...span(move)));
  plot.addEventListener("pointerup", (release) => {
    if (began === null) return;
    mark(...span(release));
    began = null;
    go();
  });
  plot.addEventListener("pointercancel", () => {
    began = null;
    mark(0, parts);
  });
  mark(0, parts);
  chosen.setAttribute("width", 0);
}
