// Turns pictures from gates into photos of a person.

import { call, rooted, sayNext } from "../api.js";
import { el } from "../parts.js";
import { verdict } from "./photo_verdicts.js";
import { counted } from "../words.js";

const form = document.querySelector("form[data-employee]");
const button = form?.querySelector("button");
const chosen = () => [...form.querySelectorAll(":checked")].map((box) => ({ event: box.value, number: Number(box.dataset.number) }));

const ready = () => {
  button.disabled = !chosen().length || chosen().length > 10;
};
form?.addEventListener("change", ready);
if (form) ready(); // boxes checked before this script ran
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const id = form.dataset.employee;
  const { photos } = await call(`/v1/employees/${id}/photos/from-events`, { method: "POST", json: { pictures: chosen() } });
  if (photos.every((photo) => photo.accepted)) {
    sayNext(counted(photos.length, "The photo was accepted.", "{0} photos were accepted."));
    location.assign(rooted(`/employees/${id}`));
    return;
  }
  document.getElementById("verdicts").replaceChildren(...photos.map((photo) => el("li", { class: "plain" }, verdict(photo))));
  button.disabled = false;
});
