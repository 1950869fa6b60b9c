// A zone that is dragged onto another goes inside it; onto its site, to the top. Keyboards and phones use its form.

import { call, CallError, say, sayNext } from "../api.js";
import { change, refusal } from "./change.js";
import { _ } from "../words.js";

let dragged = null;

async function move(zone, parent, where) {
  const before = await call(`/v1/zones/${zone.dataset.zone}`).catch(() => null);
  if (!before || before.parent === parent) return;
  try {
    const made = await change({ kind: "zones", action: "patch", id: before.id, version: before.version, body: { parent }, does: _("Move") });
    if (made === undefined) return;
    sayNext(_`${zone.dataset.name} is now ${where}.`);
    location.reload();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    say(refusal(error), "bad");
  }
}

for (const zone of document.querySelectorAll("[data-zone]")) {
  zone.addEventListener("dragstart", (event) => {
    dragged = zone;
    event.dataTransfer.setData("text/plain", zone.dataset.name);
    event.dataTransfer.effectAllowed = "move";
  });
  zone.addEventListener("dragend", () => { dragged = null; });
}
for (const place of document.querySelectorAll("[data-zone], .card:has(> .tree)")) {
  const onto = (event) => dragged && dragged !== place && event.target.closest("[data-zone], .card:has(> .tree)") === place;
  place.addEventListener("dragover", (event) => {
    if (!onto(event)) return;
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("over");
    if (!onto(event)) return;
    event.preventDefault();
    const { zone, name } = place.dataset;
    move(dragged, zone ?? null, zone ? _`inside ${name}` : _("at the top"));
  });
}
