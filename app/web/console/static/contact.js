// Whether the service still answers. A service that hangs sends nothing, and the connection stays open: after ten
// seconds without a word, the page says that what it shows is old.

import { beep } from "./alerts/sound.js";
import { timeOfDay } from "./parts.js";
import { _ } from "./words.js";

const SILENT_MS = 10_000;
const CHECK_MS = 1_000;
const PAUSED_MS = 3_000; // a check that comes so late was held back: the machine slept, or the browser saved power
const BEEP_EVERY_MS = 5_000;
const line = document.getElementById("contact");
const heardAt = new Map(); // when each source was last heard
let silentS = 0;
let beeped = 0;
let checked = Date.now();

/** Whether the page is old, and since how many seconds. */
export const silence = () => silentS;

/** Called whenever the source sends something. Its first call begins the watch over it. */
export function heard(source) {
  heardAt.set(source, Date.now());
  if (silentS) check();
}

function check() {
  const paused = Date.now() - checked - CHECK_MS;
  checked = Date.now();
  // While this page was held back it could hear nothing, which is no silence of the service.
  if (paused > PAUSED_MS) for (const [source, at] of heardAt) heardAt.set(source, at + paused);
  if (!heardAt.size) return;
  const since = Math.min(...heardAt.values());
  const silent = Date.now() - since;
  const before = silentS;
  silentS = silent > SILENT_MS ? Math.round(silent / 1000) : 0;
  document.body.classList.toggle("stale", silentS > 0);
  line.hidden = !silentS;
  if (silentS) {
    line.querySelector(".contact-for").textContent = _`No connection for ${silentS} s.`;
    line.querySelector(".contact-since").textContent = _`Last heard at ${timeOfDay(since)}, now ${timeOfDay(Date.now())}.`;
    if (!before) document.getElementById("contact-said").textContent = _("No connection. What you see is old.");
    if (Date.now() - beeped >= BEEP_EVERY_MS) {
      beeped = Date.now();
      beep("lost");
    }
  } else if (before) {
    document.getElementById("contact-said").textContent = _("Connected again.");
  }
  if (before !== silentS) document.dispatchEvent(new CustomEvent("contact", { detail: silentS }));
}

setInterval(check, CHECK_MS);
