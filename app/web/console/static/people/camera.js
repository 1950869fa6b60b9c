// The camera in the page: the service checks each frame, the page gives advice, and good pictures are taken automatically.

import { call, say } from "../api.js";
import { el } from "../parts.js";

const MOST = 3;
const EVERY_MS = 250; // between checks: four a second
const GOOD_IN_A_ROW = 2; // one good frame may be a lucky one
const PATIENCE_MS = 6000; // for another pose; then the same again is better than none
const WIDEST = 1280;
const TURNED = 0.22; // of yaw: enough to differ, well within what enrolment takes
const WORDS = {
  no_face: "Look into the camera",
  several_faces: "One person at a time, please",
  face_too_small: "Come closer",
  cut_off: "Move so that your whole face is in the picture",
  turned_away: "Look straight into the camera",
  blurred: "Hold still",
  too_dark: "More light from the front, please",
  too_bright: "Less light, please",
};
const POSES = [
  { words: "Look straight into the camera", fits: (yaw) => Math.abs(yaw) < TURNED },
  { words: "Turn your head a little to one side", fits: (yaw) => Math.abs(yaw) >= TURNED },
  { words: "And a little to the other side", fits: (yaw, before) => Math.abs(yaw) >= TURNED && Math.sign(yaw) !== before },
];

const dialog = document.getElementById("camera");
const video = document.getElementById("video");
const overlay = document.getElementById("overlay");
const guidance = document.getElementById("guidance");
const shots = document.getElementById("shots");
const use = document.getElementById("use");

let stream = null;
let taken = [];
let finish = () => {};

/** Opens the camera; taken(blobs) is called with the pictures once they are to be used. */
export async function openCamera(whenTaken) {
  finish = whenTaken;
  reset();
  dialog.showModal();
  if (!navigator.mediaDevices) {
    guide("Browsers allow the camera on https pages only. Open this page over https, or upload photos instead.");
    return undefined;
  }
  guide("Starting the camera …");
  try {
    const size = { width: { ideal: WIDEST }, height: { ideal: 960 }, facingMode: "user" };
    const opened = await navigator.mediaDevices.getUserMedia({ video: size, audio: false });
    if (!dialog.open) return release(opened);
    stream = opened;
  } catch (error) {
    guide(error.name === "NotAllowedError" ? "The browser blocks the camera. Allow it in the address bar." : "No camera was found, or another program is using it.");
    return undefined;
  }
  video.srcObject = stream;
  await video.play();
  return watch(stream);
}

function release(of) {
  for (const track of of?.getTracks() ?? []) track.stop();
}

function end() {
  release(stream);
  stream = null;
  video.srcObject = null;
}

dialog.addEventListener("close", end);
window.addEventListener("pagehide", end);
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
  const slots = Array.from({ length: MOST }, (_, i) => {
    const one = taken[i];
    return one ? el("li", { class: "taken" }, el("img", { src: one.address, alt: `Picture ${i + 1}` })) : el("li", {}, String(i + 1));
  });
  shots.replaceChildren(...slots);
  use.disabled = !taken.length;
  use.textContent = taken.length ? `Use ${taken.length === 1 ? "this picture" : `these ${taken.length} pictures`}` : "Use these pictures";
}

function frame() {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const canvas = new OffscreenCanvas(Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
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
  while (stream === mine) {
    const began = performance.now();
    if (video.videoWidth && taken.length < MOST) {
      const blob = await frame();
      const found = await check(blob);
      if (stream !== mine) return;
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
        guide(taken.length < MOST ? POSES[taken.length].words : "Done: three good pictures taken", true);
        await pause(400);
      } else if (fits) guide("Good, hold still", true);
      else if (found) guide(found.good ? pose.words : (WORDS[found.problems[0]] ?? found.advice ?? "Look into the camera"));
    }
    await pause(Math.max(0, EVERY_MS - (performance.now() - began)));
  }
}

async function check(blob) {
  try {
    return await call("/v1/photo-checks", { method: "POST", form: blob, quiet: true });
  } catch {
    guide("The service is busy. One moment …");
    return null;
  }
}

document.getElementById("again").addEventListener("click", reset);
dialog.addEventListener("keydown", async (event) => {
  if (event.code !== "Space" || event.target.closest("button") || !stream || taken.length === MOST) return;
  event.preventDefault();
  take(await frame(), 0);
});
use.addEventListener("click", () => {
  const blobs = taken.map(({ blob }) => blob);
  dialog.close();
  if (blobs.length) finish(blobs);
  else say("Take a picture first.");
});
