// Uploads photos: shows the progress of each on a line, then its verdict.

import { upload } from "../upload.js";
import { bar, el } from "../parts.js";
import { _ } from "../words.js";

const MOST_AT_ONCE = 10;
const MOST_BYTES = 25e6; // a request may be 32 MB by default

/** Words for a result of the API. */
export function verdict(result) {
  if (result.accepted) return el("div", {}, el("p", { class: "works" }, _("Accepted")), bar(result.quality, null, _("Quality")));
  return el("p", { class: "fails" }, result.detail ?? result.problems.join(", ").replaceAll("_", " "));
}

/** Sends blobs as photos of an employee, showing each in the list. Gives how many were accepted. */
export async function sendPhotos(employee, blobs, list) {
  const lines = blobs.map((blob) => {
    const address = URL.createObjectURL(blob);
    const state = el("div", {}, el("progress", { max: 1, value: 0, "aria-label": _("Sending") }));
    const picture = el("img", { src: address, alt: "" });
    picture.addEventListener("load", () => URL.revokeObjectURL(address));
    const line = el("li", {}, picture, el("div", {}, el("p", { class: "name" }, blob.name ?? _("From the camera")), state));
    list.append(line);
    return { blob, state };
  });
  let accepted = 0;
  for (const batch of batches(lines)) accepted += await send(employee, batch);
  return accepted;
}

function batches(lines) {
  const found = [];
  let bytes = Infinity;
  for (const line of lines) {
    if (bytes + line.blob.size > MOST_BYTES || found.at(-1).length === MOST_AT_ONCE) {
      found.push([]);
      bytes = 0;
    }
    found.at(-1).push(line);
    bytes += line.blob.size;
  }
  return found;
}

async function send(employee, lines) {
  const form = new FormData();
  for (const { blob } of lines) form.append("photo", blob, blob.name ?? "camera.jpg");
  const onProgress = (sent) => {
    let before = 0;
    for (const { blob, state } of lines) {
      const share = Math.min(Math.max((sent - before) / blob.size, 0), 1);
      const progress = state.querySelector("progress");
      if (progress) progress.value = share;
      if (share === 1 && progress) state.replaceChildren(el("p", { class: "faint" }, _("Checking …")));
      before += blob.size;
    }
  };
  try {
    const { photos } = await upload(`/v1/employees/${employee}/photos`, form, onProgress);
    photos.forEach((result, i) => lines[i].state.replaceChildren(verdict(result)));
    return photos.filter((result) => result.accepted).length;
  } catch (error) {
    for (const { state } of lines) state.replaceChildren(el("p", { class: "fails" }, error.message));
    return 0;
  }
}
