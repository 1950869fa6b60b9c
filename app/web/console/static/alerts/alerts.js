// The page of alerts: shows answers as they are given, offers new alerts, tests the sound.

import { el, when } from "../parts.js";
import { test } from "./sound.js";
import { _ } from "../words.js";

document.addEventListener("acknowledged", ({ detail: items }) => {
  for (const alert of items) {
    const { name, at, comment } = alert.acknowledged;
    const cell = document.querySelector(`#alert-${CSS.escape(alert.id)} .alert-answer`);
    cell?.replaceChildren(`${name}, `, when(at, alert.gate), ...(comment ? [el("span", { class: "hint" }, comment)] : []));
  }
});

// A list that grew while somebody reads it would move under the finger.
const fresh = document.getElementById("new-alerts");
const shown = [...document.querySelectorAll("[data-alert]")].map((row) => row.dataset.alert);
const newest = shown.sort().at(-1) ?? "";
const first = !new URLSearchParams(location.search).get("cursor");
document.addEventListener("alerts", ({ detail: open }) => {
  fresh.hidden = !first || !open.some((alert) => alert.id > newest);
});
fresh.addEventListener("click", () => location.reload());

document.getElementById("sound-test").addEventListener("click", async () => {
  const said = document.getElementById("sound-said");
  const plays = await test();
  said.textContent = plays
    ? _("Three tones are playing. If you hear none, turn up the volume of this device.")
    : _("The browser blocks sound here. Allow it for this address in the browser's settings, then test again.");
  said.className = plays ? "notice good" : "notice bad";
  said.hidden = false;
});
