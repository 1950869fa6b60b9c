// The console's sounds. Whether they are on is remembered in this browser; whether the browser allows them is shown.

import { _ } from "../words.js";

const TONES = { critical: [880, 660, 880], warning: [660], lost: [440, 330], test: [660, 880, 660] };
const TONE_S = 0.22;
const button = document.getElementById("sound");
let audio = null;

/** Whether somebody wants to hear alerts here. A display on the wall does, unless it was switched off there. */
export const wanted = () => (localStorage.getItem("sound") ?? (button?.dataset.display ? "on" : "off")) === "on";

/** Whether sounds are wanted and the browser does not allow them before somebody clicks. */
export const blocked = () => wanted() && audio?.state !== "running";

/** Plays one of TONES, if sounds are on. Returns whether it can be heard. */
export function beep(kind) {
  if (!wanted() || !audio || audio.state !== "running") return false;
  TONES[kind].forEach((pitch, place) => {
    const at = audio.currentTime + place * TONE_S;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + TONE_S);
  });
  document.dispatchEvent(new CustomEvent("sounded", { detail: kind }));
  return true;
}

/** Asks the browser for sound; works only while somebody clicks or types. Returns whether it allows it. */
export async function allow() {
  if (!wanted()) return false;
  audio ??= new AudioContext();
  // Before anybody has clicked, `resume` waits for ever.
  await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))]);
  show();
  return !blocked();
}

/** Switches sounds on, if they are off, and plays the test. Returns whether it can be heard. */
export async function test() {
  localStorage.setItem("sound", "on");
  return (await allow()) && beep("test");
}

function show() {
  if (!button) return;
  const words = !wanted() ? _("Sound is off") : blocked() ? _("Sound is blocked") : _("Sound is on");
  button.setAttribute("aria-pressed", String(wanted()));
  button.setAttribute("aria-label", words);
  button.title = words;
  document.dispatchEvent(new Event("sound"));
}

button?.addEventListener("click", async () => {
  localStorage.setItem("sound", wanted() ? "off" : "on");
  show();
  if (await allow()) beep("warning");
});
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => blocked() && allow());
allow();
show();
