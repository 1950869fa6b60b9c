// Gives a person a QR pass, and shows it.

import { call, CallError } from "../../api.js";
import { clearProblems, instantOf, problemAt, typedTime } from "../../parts.js";
import { _ } from "../../words.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const form = document.querySelector("#give-pass form");
form.elements["pass-until"].value = typedTime(Date.now() + 30 * DAY_MS);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(form);
  const until = instantOf(form.elements["pass-until"].value);
  if (!until) { problemAt(form, "pass-until", _("Say until when.")); return; }
  const json = { employee: form.dataset.employeeId, kind: "qr", ends_at: until, once: form.elements["pass-once"].checked };
  try {
    const made = await call("/v1/credentials", { method: "POST", json, quiet: true });
    location.assign(form.dataset.shows + made.id);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    problemAt(form, "pass-until", error.message);
  }
});
