// Adds displays, makes their codes and revokes them.

import { call, rooted, sayNext } from "../api.js";
import { moment } from "../parts.js";
import { _ } from "../words.js";

const add = document.getElementById("add");
const code = document.getElementById("code");
const sure = document.getElementById("sure");
let revoked = null;

add.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = event.target.elements.name;
  const problem = document.getElementById("add-problem");
  try {
    show(await call("/v1/displays", { method: "POST", json: { name: name.value }, quiet: true }));
    add.close();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    name.setAttribute("aria-invalid", "true");
    name.focus();
  }
});

for (const button of document.querySelectorAll("[data-code]")) {
  button.addEventListener("click", async () => {
    const made = await call(`/v1/displays/${button.closest("tr").dataset.id}/code`, { method: "POST" }).catch(() => null);
    if (made) show(made);
  });
}

function show(made) {
  document.getElementById("code-title").textContent = _`Code for ${made.display.name}`;
  document.getElementById("code-address").textContent = location.origin + rooted("/display");
  document.getElementById("code-words").textContent = made.code;
  document.getElementById("code-until").textContent = _`It works once, until ${moment(made.expires_at)}.`;
  code.addEventListener("close", () => location.reload(), { once: true });
  code.showModal();
}

for (const button of document.querySelectorAll("[data-revoke]")) {
  button.addEventListener("click", () => {
    revoked = button.closest("tr").dataset;
    document.getElementById("sure-words").textContent = _`The screen "${revoked.name}" shows nothing from then on.`;
    sure.showModal();
  });
}

document.getElementById("revoke").addEventListener("click", async () => {
  const done = await call(`/v1/displays/${revoked.id}`, { method: "DELETE" }).then(() => true, () => false);
  if (!done) return;
  sayNext(_("The display was revoked."));
  location.reload();
});
