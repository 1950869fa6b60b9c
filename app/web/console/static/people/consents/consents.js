// A person's consent: recorded by an admin, or withdrawn, which erases their face.

import { CallError, call, sayNext } from "../../api.js";
import { showError } from "../../access/saving.js";
import { _ } from "../../words.js";

const path = `/v1/employees/${document.getElementById("consents").dataset.employee}/consents`;
const form = document.querySelector("#record-consent form");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const json = { given_on: form.elements.given_on.value || null, language: form.elements.language.value };
  try {
    await call(path, { method: "POST", json, quiet: true });
  } catch (error) {
    showError(form, error);
    return;
  }
  sayNext(_("The consent is recorded."));
  location.reload();
});

document.getElementById("withdraw-now").addEventListener("click", async (event) => {
  event.currentTarget.disabled = true;
  try {
    await call(`${path}/withdraw`, { method: "POST" });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    document.getElementById("withdraw-consent").close();
    return;
  }
  sayNext(_("Withdrawn: photos and template are erased."));
  location.reload();
});
