// Adds directories, makes their keys, removes them, and answers for people who wait.

import { call, sayNext } from "../api.js";
import { copied } from "../copy.js";
import { _ } from "../words.js";

const add = document.getElementById("add");
const shown = document.getElementById("shown");
const sure = document.getElementById("sure");
let removed = null;

add.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = event.target.elements.name;
  const problem = document.getElementById("add-problem");
  try {
    const made = await call("/v1/directories", { method: "POST", json: { name: name.value }, quiet: true });
    add.close();
    await makeKey(made.id);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    name.setAttribute("aria-invalid", "true");
    name.focus();
  }
});

async function makeKey(id) {
  const made = await call(`/v1/directories/${id}/keys`, { method: "POST", json: {} }).catch(() => null);
  if (!made) return;
  document.getElementById("secret").textContent = made.key;
  shown.addEventListener("close", () => location.reload(), { once: true });
  shown.showModal();
}

for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", () => makeKey(button.closest("section").dataset.id));
}

for (const [id, of] of [["copy-key", "secret"], ["copy-address", "address"]]) {
  const button = document.getElementById(id);
  button.addEventListener("click", () => {
    const text = document.getElementById(of);
    copied(button, text, text.textContent);
  });
}

for (const button of document.querySelectorAll("[data-remove]")) {
  button.addEventListener("click", () => {
    removed = button.closest("section").dataset;
    document.getElementById("sure-words").textContent = _`"${removed.name}" is refused from then on. Its people and groups stay as they are, and you look after them here.`;
    sure.showModal();
  });
}

document.getElementById("remove").addEventListener("click", async () => {
  const done = await call(`/v1/directories/${removed.id}`, { method: "DELETE" }).then(() => true, () => false);
  if (!done) return;
  sayNext(_("The directory was removed."));
  location.reload();
});

async function answer(what, words) {
  const done = await call("/v1/directories/held", { method: "POST", json: { answer: what } }).catch(() => null);
  if (!done) return;
  sayNext(words);
  location.reload();
}

document.querySelector('[data-answer="keep"]')?.addEventListener("click", () => answer("keep", _("They stay. The directory may ask again.")));
document.querySelector('[data-answer="confirm"]')?.addEventListener("click", () => document.getElementById("leave").showModal());
document.getElementById("confirm").addEventListener("click", () => answer("confirm", _("Done as the directory wanted.")));
