// Creating and revoking keys.

import { call, sayNext } from "../api.js";
import { copied } from "../copy.js";
import { _ } from "../words.js";

const add = document.getElementById("add");
const form = add.querySelector("form");
const shown = document.getElementById("shown");
const sure = document.getElementById("sure");
let revoked = null;

const forGate = () => form.elements.role.value === "gate";
form.elements.role.addEventListener("change", () => {
  document.getElementById("gate-field").hidden = !forGate();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const json = { role: form.elements.role.value, name: form.elements.name.value };
  if (forGate()) json.gate = form.elements.gate.value;
  const made = await call("/v1/keys", { method: "POST", json }).catch(() => null);
  if (!made) return;
  add.close();
  document.getElementById("secret").textContent = made.key;
  shown.addEventListener("close", () => location.reload(), { once: true });
  shown.showModal();
});

const copy = document.getElementById("copy-key");
copy.addEventListener("click", () => {
  const secret = document.getElementById("secret");
  copied(copy, secret, secret.textContent);
});

for (const button of document.querySelectorAll("[data-revoke]")) {
  button.addEventListener("click", () => {
    revoked = button.closest("tr").dataset;
    document.getElementById("sure-words").textContent = _`Every request with the key "${revoked.name}" is refused from then on.`;
    sure.showModal();
  });
}

document.getElementById("revoke").addEventListener("click", async () => {
  const done = await call(`/v1/keys/${revoked.id}`, { method: "DELETE" }).then(() => true, () => false);
  if (!done) return;
  sayNext(_("The key was revoked."));
  location.reload();
});
