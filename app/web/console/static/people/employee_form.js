// Adds a person, or changes one: the form's fields as the API's JSON.

import { call, rooted, sayNext } from "../api.js";

// A day as the form knows it, and the moment the API wants: its beginning, or its end.
const begins = (day) => (day ? `${day}T00:00:00Z` : null);
const ends = (day) => (day ? `${day}T23:59:59.999Z` : null);

function details(form) {
  const value = (name) => form.elements[name].value.trim();
  const changed = (name) => form.elements[name].value !== form.elements[name].defaultValue;
  const sent = {
    number: value("number"),
    name: value("name"),
    email: value("email") || null,
    card_number: value("card_number") || null,
    legal_basis: value("legal_basis") || null,
    groups: value("groups").split(",").map((group) => group.trim()).filter(Boolean),
  };
  // A moment within the day that the form cannot show stays as it is, unless the day was changed.
  const adding = !form.dataset.employeeForm;
  if (adding || changed("valid_from")) sent.valid_from = begins(value("valid_from"));
  if (adding || changed("valid_until")) sent.valid_until = ends(value("valid_until"));
  if (adding || changed("consent_at")) sent.consent_at = begins(value("consent_at"));
  return sent;
}

for (const form of document.querySelectorAll("[data-employee-form]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = form.dataset.employeeForm;
    const button = form.querySelector("button:not([type])");
    button.disabled = true;
    try {
      if (id) {
        await call(`/v1/employees/${id}`, { method: "PATCH", json: details(form) });
        sayNext("Saved; every gate goes by it from now on.");
        location.reload();
      } else {
        const made = await call("/v1/employees", { method: "POST", json: details(form) });
        location.assign(rooted(`/employees/${made.id}`));
      }
    } catch {
      button.disabled = false;
    }
  });
}
