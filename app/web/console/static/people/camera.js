// The camera in the page: the service checks each frame, the page gives advice, and good pictures are taken automatically.

import { call, say } from "../api.js";
import { NoCamera, Viewfinder } from "../cameras/viewfinder.js";
import { el } from "../parts.js";
import { _, counted } from "../words.js";

const MOST = 3;
const EVERY_MS = 250; // between checks: four a second
const GOOD_IN_A_ROW = 2; // one good frame may be a lucky one
const PATIENCE_MS = 6000; // for another pose; then the same again is better than none
const TURNED = 0.27; // of yaw: enough to differ, well within what enrolment takes
const WORDS = {
  no_face: _("Look into the camera"),
  several_faces: _("One person at a time, please"),
  face_too_small: _("Come closer"),
  cut_off: _("Move so that your whole face is in the picture"),
  turned_away: _("Look straight into the camera"),
  blurred: _("Hold still"),
  too_dark: _("More light from the front, please"),
  too_bright: _("Less light, please"),
};
const POSES = [
  { words: _("Look straight into the camera"), fits: (yaw) => Math.abs(yaw) < TURNED },
  { words: _("Turn your head a little to one side"), fits: (yaw) => Math.abs(yaw) >= TURNED },
  { words: _("And a little to the other side"), fits: (yaw, before) => Math.abs(yaw) >= TURNED && Math.sign(yaw) !== before },
];

const dialog = document.getElementById("camera");
const video = document.getElementById("video");
const overlay = document.getElementById("overlay");
const guidance = document.getElementById("guidance");
const shots = document.getElementById("shots");
const use = document.getElementById("use");

const finder = new Viewfinder(video, _("Open this page over https, or upload photos instead."));
let taken = [];
let finish = () => {};

/** Opens the camera; taken(blobs) is called with the pictures once they are to be used. */
export async function openCamera(whenTaken) {
  finish = whenTaken;
  reset();
  dialog.showModal();
  guide(_("Starting the camera …"));
  try {
    const opened = await finder.open({ height: { ideal: 960 }, facingMode: "user" });
    if (opened) await watch(opened);
  } catch (error) {
    if (!(error instanceof NoCamera)) throw error;
    guide(error.message);
  }
}

dialog.addEventListener("close", () => finder.close());
document.addEventListener("visibilitychange", () => {
  if (document.hidden && dialog.open) dialog.close();
});

function reset() {
  for (const { address } of taken) URL.revokeObjectURL(address);
  taken = [];
  show();
}

function guide(words, good = false) {
  if (guidance.textContent !== words) guidance.textContent = words;
  guidance.classList.toggle("good", good);
}

function show() {
  const slots = Array.from({ length: MOST }, (slot, i) => {
    const one = taken[i];
    return one ? el("li", { class: "taken" }, el("img", { src: one.address, alt: _`Picture ${i + 1}` })) : el("li", {}, String(i + 1));
  });
  shots.replaceChildren(...slots);
  use.disabled = !taken.length;
  use.textContent = taken.length ? counted(taken.length, "Use this picture", "Use these {0} pictures") : _("Use these pictures");
}

function draw(found) {
  overlay.width = video.videoWidth;
  overlay.height = video.videoHeight;
  const pen = overlay.getContext("2d");
  if (!found?.face) return;
  const { x, y, width, height } = found.face;
  pen.lineWidth = Math.max(3, overlay.width / 200);
  pen.strokeStyle = found.good ? "#35d07f" : "#ffc23d";
  pen.beginPath();
  pen.roundRect(x * overlay.width, y * overlay.height, width * overlay.width, height * overlay.height, overlay.width / 40);
  pen.stroke();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function take(blob, yaw) {
  taken.push({ blob, yaw, address: URL.createObjectURL(blob) });
  show();
  if (taken.length === MOST) use.focus();
}

/** Checks frame after frame while this stream runs. */
async function watch(mine) {
  let row = [];
  let since = performance.now();
  while (finder.stream === mine) {
    const began = performance.now();
    const blob = taken.length < MOST ? await finder.frame() : null;
    if (blob) {
      const found = await check(blob);
      if (finder.stream !== mine) return;
      if (taken.length === MOST) continue; // taken by Space meanwhile
      draw(found);
      const pose = POSES[taken.length];
      const other = Math.sign(taken.at(-1)?.yaw ?? 0);
      const fits = found?.good && (pose.fits(found.yaw, other) || began - since > PATIENCE_MS);
      row = fits ? [...row, { blob, ...found }] : [];
      if (row.length >= GOOD_IN_A_ROW) {
        const best = row.reduce((a, b) => (b.quality > a.quality ? b : a));
        take(best.blob, best.yaw);
        row = [];
        since = performance.now();
        guide(taken.length < MOST ? POSES[taken.length].words : _("Done: three good pictures taken"), true);
        await pause(400);
      } else if (fits) guide(_("Good, hold still"), true);
      else if (found) guide(found.good ? pose.words : (WORDS[found.problems[0]] ?? found.advice ?? _("Look into the camera")));
    }
    await pause(Math.max(0, EVERY_MS - (performance.now() - began)));
  }
}

async function check(blob) {
  try {
    return await call("/v1/photo-checks", { method: "POST", form: blob, quiet: true });
  } catch {
    guide(_("The service is busy. One moment …"));
    return null;
  }
}

document.getElementById("again").addEventListener("click", reset);
dialog.addEventListener("keydown", async (event) => {
  if (event.code !== "Space" || event.target.closest("button") || !finder.stream || event.repeat) return;
  event.preventDefault();
  const blob = await finder.frame();
  if (blob && taken.length < MOST) take(blob, 0);
});
use.addEventListener("click", () => {
  const blobs = taken.map(({ blob }) => blob);
  dialog.close();
  if (blobs.length) finish(blobs);
  else say(_("Take a picture first."));
});
