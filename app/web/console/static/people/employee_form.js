// Adds or changes a person: sends the form's fields as the API's JSON.

import { call, rooted, sayNext } from "../api.js";

// The form has days; the API wants moments: the start of a day, or its end.
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
  // The form cannot show a time of day, so a stored moment is only replaced if its day was changed.
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
        sayNext("Saved. It holds at every gate from now on.");
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
