// A form whose refusal stands beside the field that it is about, or at the form's end.

import { CallError } from "./api.js";
import { clearProblems, problemAt } from "./parts.js";

/** Calls `send(form)` on submit. `codes` and `fields` say at which field of the form an error's code or field is shown. */
export function onSubmit(form, send, codes, fields) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems(form);
    const box = form.querySelector("[data-refused]");
    box.hidden = true;
    try {
      await send(form);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const field = codes[error.code] ?? fields[(error.body.field ?? "").split(".")[0]];
      if (field && problemAt(form, field, error.message)) return;
      box.textContent = error.message;
      box.hidden = false;
    }
  });
}
