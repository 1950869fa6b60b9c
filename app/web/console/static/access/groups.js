// Adds a group.

import { call, rooted } from "../api.js";
import { showError } from "./saving.js";

const form = document.querySelector("#add form");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const json = { name: form.elements.name.value.trim(), description: form.elements.description.value.trim() || null };
  try {
    const made = await call("/v1/groups", { method: "POST", json, quiet: true });
    location.assign(rooted(`/access/groups/${made.id}`));
  } catch (error) {
    showError(form, error);
  }
});
