// One person's page: adds photos from files or the camera, and suspends, edits or erases the person.

import { call, rooted, sayNext } from "../api.js";
import { openCamera } from "./camera.js";
import { el } from "../parts.js";
import { sendPhotos } from "./photo_verdicts.js";
import { _, counted } from "../words.js";

const head = document.querySelector("[data-employee]");
const id = head.dataset.employee;
const decisions = document.getElementById("verdicts");
const done = document.getElementById("verdicts-done");

async function add(blobs) {
  if (!blobs.length) return;
  done.hidden = true;
  const accepted = await sendPhotos(id, blobs, decisions);
  if (accepted === blobs.length) {
    sayNext(counted(accepted, "The photo was accepted. Every gate uses it.", "{0} photos were accepted. Every gate uses them."));
    location.reload();
  } else {
    done.hidden = false;
    done.querySelector("button").focus();
  }
}

done.addEventListener("click", () => location.reload());

const files = document.getElementById("files");
const chosen = () => {
  if (!files.files.length) return;
  add([...files.files]);
  files.value = "";
};
files.addEventListener("change", chosen);
chosen(); // files chosen before this script ran

const drop = document.getElementById("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  add([...event.dataTransfer.files].filter((file) => file.type.startsWith("image/")));
});
// A photo dropped beside the field must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

document.querySelector("[data-camera]").addEventListener("click", () => openCamera(add));

for (const button of document.querySelectorAll("[data-remove]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    await call(`/v1/employees/${id}/photos/${button.dataset.remove}`, { method: "DELETE" });
    sayNext(_("The photo was removed."));
    location.reload();
  });
}

document.querySelector("[data-status]").addEventListener("click", async (event) => {
  const { status } = event.currentTarget.dataset;
  event.currentTarget.disabled = true;
  await call(`/v1/employees/${id}`, { method: "PATCH", json: { status } });
  sayNext(status === "active" ? _("Reactivated: gates open for them again.") : _("Suspended: no gate opens for them."));
  location.reload();
});

const erase = document.getElementById("erase-form");
const eraseButton = erase.querySelector(".danger");
erase.elements.confirm.addEventListener("input", () => {
  eraseButton.disabled = erase.elements.confirm.value.trim() !== head.dataset.number;
});
erase.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (eraseButton.disabled) return;
  eraseButton.disabled = true;
  const receipt = await call(`/v1/employees/${id}`, { method: "DELETE" });
  document.getElementById("erase").close();
  const facts = document.getElementById("receipt-facts");
  for (const [name, value] of Object.entries(receipt)) {
    facts.append(el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, String(value)));
  }
  const file = new Blob([JSON.stringify(receipt, null, 2)], { type: "application/json" });
  document.getElementById("receipt-file").href = URL.createObjectURL(file);
  const dialog = document.getElementById("receipt");
  dialog.addEventListener("close", () => location.assign(rooted("/employees")));
  dialog.showModal();
});
