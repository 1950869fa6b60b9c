// Enrolling from one's own phone: the camera with guidance, a shutter, up to three photos, and a verdict for each.

import { call, rooted } from "../api.js";
import { el } from "../parts.js";
import { upload } from "../upload.js";
import { verdict } from "./photo_verdicts.js";

const MOST = 3;
const EVERY_MS = 700; // between checks: phones get warm
const WIDEST = 1280;

const video = document.getElementById("video");
const guidance = document.getElementById("guidance");
const shutter = document.getElementById("shutter");
const shots = document.getElementById("shots");
const send = document.getElementById("send");
const cameras = document.getElementById("cameras");

let stream = null;
let taken = [];

function guide(words, good = false) {
  if (guidance.textContent !== words) guidance.textContent = words;
  guidance.classList.toggle("good", good);
}

async function start(deviceId) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  if (!navigator.mediaDevices) {
    guide("Browsers allow the camera on https pages only. Ask whoever sent you the link.");
    return;
  }
  try {
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDEST }, ...which }, audio: false });
  } catch (error) {
    guide(error.name === "NotAllowedError" ? "The browser blocks the camera. Allow it in the address bar, then reload." : "No camera was found, or another program is using it.");
    return;
  }
  video.srcObject = stream;
  await video.play();
  shutter.disabled = taken.length === MOST;
  await list();
  watch(stream);
}

async function list() {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const now = stream?.getVideoTracks()[0]?.getSettings().deviceId;
  cameras.replaceChildren(...found.map((device, i) => el("option", { value: device.deviceId, selected: device.deviceId === now }, device.label || `Camera ${i + 1}`)));
  document.getElementById("choose").hidden = found.length < 2;
}

function frame() {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const canvas = new OffscreenCanvas(Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

/** Says what to do, frame after frame, while this stream runs. */
async function watch(mine) {
  while (stream === mine) {
    if (video.videoWidth && taken.length < MOST) {
      try {
        const found = await call("/enrol/photo-checks", { method: "POST", form: await frame(), quiet: true });
        if (stream === mine) guide(found.good ? "Good: take the photo" : (found.advice ?? "Look into the camera"), found.good);
      } catch (error) {
        if (error.status === 404) {
          guide(error.message);
          return;
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function show() {
  shots.replaceChildren(...taken.map((one, i) => {
    const drop = el("button", { type: "button", class: "quiet" }, "Remove");
    drop.addEventListener("click", () => {
      taken = taken.filter((other) => other !== one);
      show();
      shutter.focus();
    });
    return el("li", {}, el("img", { src: one.address, alt: `Photo ${i + 1}` }), el("div", {}, one.said ?? `Photo ${i + 1}`, drop));
  }));
  shutter.disabled = !stream || taken.length === MOST;
  send.disabled = !taken.length;
  send.textContent = taken.length > 1 ? `Send these ${taken.length} photos` : "Send this photo";
}

shutter.addEventListener("click", async () => {
  const blob = await frame();
  taken.push({ blob, address: URL.createObjectURL(blob), said: null });
  show();
});

send.addEventListener("click", async () => {
  send.disabled = true;
  shutter.disabled = true;
  const form = new FormData();
  for (const { blob } of taken) form.append("photo", blob, "phone.jpg");
  try {
    const { photos } = await upload("/enrol/photos", form);
    if (photos.some((one) => one.accepted)) {
      location.assign(rooted("/enrol?said=done"));
      return;
    }
    taken.forEach((one, i) => { one.said = verdict(photos[i]); });
    guide("No photo could be used. Remove them and try again.");
  } catch { /* it was said */ }
  show();
});

cameras.addEventListener("change", () => start(cameras.value));
window.addEventListener("pagehide", () => { for (const track of stream?.getTracks() ?? []) track.stop(); });
start();
