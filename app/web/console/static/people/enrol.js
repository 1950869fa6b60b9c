// Enrolling from one's own phone: the camera with guidance, a shutter, up to three photos, and a verdict for each.

import { call, rooted } from "../api.js";
import { NoCamera, Viewfinder } from "../cameras/viewfinder.js";
import { el } from "../parts.js";
import { upload } from "../upload.js";
import { verdict } from "./photo_verdicts.js";
import { _ } from "../words.js";

const MOST = 3;
const EVERY_MS = 700; // between checks: phones get warm
const GONE = 404; // the link was used, revoked, or is too old

const guidance = document.getElementById("guidance");
const shutter = document.getElementById("shutter");
const shots = document.getElementById("shots");
const send = document.getElementById("send");
const cameras = document.getElementById("cameras");
const finder = new Viewfinder(document.getElementById("video"), _("Ask whoever sent you the link."));

let taken = [];
let busy = false; // a photo is being taken, or photos are on their way

function guide(words, good = false) {
  if (guidance.textContent !== words) guidance.textContent = words;
  guidance.classList.toggle("good", good);
}

async function start(deviceId) {
  try {
    const opened = await finder.open(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" });
    if (!opened) return;
    show();
    await list();
    await watch(opened);
  } catch (error) {
    if (!(error instanceof NoCamera)) throw error;
    guide(error.message);
    show();
  }
}

async function list() {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const now = finder.stream?.getVideoTracks()[0]?.getSettings().deviceId;
  cameras.replaceChildren(...found.map((device, i) => el("option", { value: device.deviceId, selected: device.deviceId === now }, device.label || _`Camera ${i + 1}`)));
  document.getElementById("choose").hidden = found.length < 2;
}

/** Says what to do, frame after frame, while this stream runs. */
async function watch(mine) {
  while (finder.stream === mine) {
    const blob = busy || taken.length === MOST ? null : await finder.frame();
    if (blob) {
      try {
        const found = await call("/enrol/photo-checks", { method: "POST", form: blob, quiet: true });
        if (finder.stream === mine && !busy) guide(found.good ? _("Good: take the photo") : (found.advice ?? _("Look into the camera")), found.good);
      } catch (error) {
        if (error.status === GONE) return over(error);
        guide(_("The service does not answer. One moment …"));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return undefined;
}

/** The link works no more: nothing that is taken could be sent. */
function over(error) {
  finder.close();
  guide(error.message);
  show();
}

function show() {
  shots.replaceChildren(...taken.map((one, i) => {
    const drop = el("button", { type: "button", class: "quiet", disabled: busy }, _("Remove"));
    drop.addEventListener("click", () => {
      taken = taken.filter((other) => other !== one);
      URL.revokeObjectURL(one.address);
      show();
      shutter.focus();
    });
    return el("li", {}, el("img", { src: one.address, alt: _`Photo ${i + 1}` }), el("div", {}, one.said ?? _`Photo ${i + 1}`, drop));
  }));
  shutter.disabled = busy || !finder.stream || taken.length === MOST;
  send.disabled = busy || !taken.length;
  send.textContent = taken.length > 1 ? _`Send these ${taken.length} photos` : _("Send this photo");
}

/** Keeps a second press out until the work of the first is done. */
async function alone(work) {
  if (busy) return;
  busy = true;
  show();
  try {
    await work();
  } finally {
    busy = false;
    show();
  }
}

shutter.addEventListener("click", () => alone(async () => {
  const blob = await finder.frame();
  if (blob && taken.length < MOST) taken.push({ blob, address: URL.createObjectURL(blob), said: null });
}));

send.addEventListener("click", () => alone(async () => {
  const form = new FormData();
  for (const { blob } of taken) form.append("photo", blob, "phone.jpg");
  guide(_("Sending …"));
  let photos;
  try {
    ({ photos } = await upload("/enrol/photos", form));
  } catch (error) {
    if (error.status === GONE) over(error);
    else guide(_("The photos were not sent. Try again."));
    return; // the sentence of the service is shown beside
  }
  if (photos.some((one) => one.accepted)) {
    finder.close();
    location.assign(rooted("/enrol?said=done"));
    return;
  }
  taken.forEach((one, i) => { one.said = verdict(photos[i]); });
  guide(_("No photo could be used. Remove them and try again."));
}));

cameras.addEventListener("change", () => start(cameras.value));
// Back from another page, which closed the camera.
addEventListener("pageshow", ({ persisted }) => { if (persisted) start(cameras.value); });
start();
