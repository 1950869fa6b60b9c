// The list of cameras: the state and the newest picture of each, every few seconds while somebody looks.

import { rooted } from "../api.js";

const EVERY_MS = 5000;

async function refresh(image) {
  const answer = await fetch(rooted(`/v1/cameras/${image.dataset.camera}/picture`), { headers: { "Facegate-Background": "1" } }).catch(() => null);
  image.hidden = !answer?.ok;
  image.nextElementSibling.hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  const before = image.src;
  image.src = URL.createObjectURL(await answer.blob());
  if (before) URL.revokeObjectURL(before);
}

/** Takes over what the page would say now. Links stay, and with them the keyboard's focus. */
async function states() {
  const answer = await fetch(location.href, { headers: { "Facegate-Background": "1" } }).catch(() => null);
  if (!answer?.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of now.querySelectorAll(".camera-list > li")) {
    const camera = fresh.querySelector("a").getAttribute("href");
    const shown = document.querySelector(`.camera-list a[href="${camera}"]`)?.closest("li");
    if (!shown) continue;
    const [name] = shown.querySelector(".camera-about").children;
    shown.querySelector(".camera-about").replaceChildren(name, ...[...fresh.querySelector(".camera-about").children].slice(1));
    const hasPicture = (item) => Boolean(item.querySelector("img[data-camera]"));
    if (hasPicture(shown) !== hasPicture(fresh)) shown.querySelector(".camera-thumb").replaceWith(fresh.querySelector(".camera-thumb"));
  }
}

/** The next look begins after this one has ended: a slow service is not asked twice. */
async function all() {
  try {
    if (document.hidden) return;
    await states();
    await Promise.all([...document.querySelectorAll("img[data-camera]")].map(refresh));
  } finally {
    setTimeout(all, EVERY_MS);
  }
}

all();
