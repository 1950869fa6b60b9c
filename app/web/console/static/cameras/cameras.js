// The list of cameras: the newest picture of each, every few seconds while somebody looks.

import { rooted } from "../api.js";

const EVERY_MS = 5000;
const pictures = [...document.querySelectorAll("img[data-camera]")];

async function refresh(image) {
  const answer = await fetch(rooted(`/v1/cameras/${image.dataset.camera}/picture`), { headers: { "Facegate-Background": "1" } }).catch(() => null);
  image.hidden = !answer?.ok;
  image.nextElementSibling.hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  const before = image.src;
  image.src = URL.createObjectURL(await answer.blob());
  if (before) URL.revokeObjectURL(before);
}

const all = () => document.hidden || Promise.all(pictures.map(refresh));
all();
setInterval(all, EVERY_MS);
