// Adds users, changes them, and shows their one-time links.

import { call, rooted, sayNext } from "../api.js";
import { copied } from "../copy.js";
import { moment } from "../parts.js";
import { _ } from "../words.js";

const add = document.getElementById("add");
const edit = document.getElementById("edit");
const link = document.getElementById("link");
let changed = null;

const rolesIn = (form) => [...form.querySelectorAll('[name="roles"]:checked')].map((box) => box.value);

add.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const made = await call("/v1/users", {
    method: "POST",
    json: { name: form.elements.name.value, roles: rolesIn(form) },
  }).catch(() => null);
  if (!made) return;
  add.close();
  await showLink(made.id, made.name);
  link.addEventListener("close", () => location.reload(), { once: true });
});

for (const button of document.querySelectorAll("[data-edit]")) {
  button.addEventListener("click", () => {
    changed = button.closest("tr").dataset;
    document.getElementById("edit-title").textContent = _`Change ${changed.name}`;
    const roles = changed.roles.split(" ");
    for (const box of edit.querySelectorAll('[name="roles"]')) box.checked = roles.includes(box.value);
    edit.querySelector('[name="enabled"]').checked = changed.enabled === "yes";
    edit.showModal();
  });
}

edit.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const json = { roles: rolesIn(event.target), enabled: event.target.elements.enabled.checked };
  const done = await call(`/v1/users/${changed.id}`, { method: "PATCH", json }).catch(() => null);
  if (!done) return;
  sayNext(_`${done.name} was changed.`);
  location.reload();
});

for (const button of document.querySelectorAll("[data-reset]")) {
  button.addEventListener("click", () => {
    const { id, name } = button.closest("tr").dataset;
    showLink(id, name);
  });
}

const copy = document.getElementById("link-copy");
copy.addEventListener("click", () => {
  const address = document.getElementById("link-address");
  copied(copy, address, address.textContent);
});

async function showLink(id, name) {
  const made = await call(`/v1/users/${id}/reset`, { method: "POST" }).catch(() => null);
  if (!made) return;
  const until = moment(made.expires_at);
  document.getElementById("link-words").textContent =
    _`Give it to ${name} and nobody else: whoever opens it sets the password. It works once, until ${until}.`;
  document.getElementById("link-address").textContent = location.origin + rooted(made.path);
  copy.textContent = _("Copy");
  link.showModal();
}
