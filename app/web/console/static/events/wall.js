// The wall: critical alerts fill the screen until somebody acknowledges them.

import { openAlerts } from "../alerts/bar.js";
import { el, when } from "../parts.js";
import { _ } from "../words.js";

const screen = document.getElementById("wall-alarm");
const words = JSON.parse(document.getElementById("alert-bar").dataset.words); // of alerts, by kind

function show(open) {
  const critical = open.filter((alert) => alert.severity === "critical");
  const [newest] = critical;
  screen.hidden = !newest;
  if (!newest || screen.dataset.shown === `${newest.id} ${critical.length}`) return;
  screen.dataset.shown = `${newest.id} ${critical.length}`;
  screen.replaceChildren(
    el("p", { class: "wall-word" }, words[newest.kind] ?? newest.kind),
    el("p", { class: "wall-place" }, newest.gate ?? newest.camera ?? ""),
    el("p", {}, _("since"), " ", when(newest.at, newest.gate), newest.detail ? ` · ${newest.detail}` : ""),
    ...(critical.length > 1 ? [el("p", {}, _`and ${critical.length - 1} more`)] : []),
    el("p", {}, _("Shown until it is acknowledged.")));
}

document.addEventListener("alerts", ({ detail: open }) => show(open));
show(openAlerts()); // the bar may have heard of them before this script was there
