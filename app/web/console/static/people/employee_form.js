// Adds or changes a person: sends the form's fields as the API's JSON.

import { call, rooted, sayNext } from "../api.js";
import { GroupChoice } from "./group_choice.js";
import { _ } from "../words.js";

const choices = new Map([...document.querySelectorAll("[data-employee-form]")].map((form) => [form, new GroupChoice(form)]));

function details(form) {
  const value = (name) => form.elements[name].value.trim();
  return {
    number: value("number"),
    name: value("name"),
    email: value("email") || null,
    card_number: value("card_number") || null,
    valid_from: value("valid_from") || null,
    valid_until: value("valid_until") || null,
    legal_basis: value("legal_basis") || null,
    consent_at: value("consent_at") || null,
    groups: choices.get(form).groups(),
  };
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
        sayNext(_("Saved. It applies at every gate now."));
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
