// Blocks a person at every gate, and lifts the block.

import { call, CallError, say, sayNext } from "../api.js";
import { clearProblems, instantOf, problemAt } from "../parts.js";
import { _ } from "../words.js";

const { employee: id } = document.querySelector("[data-employee]").dataset;
const form = document.querySelector("#block form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(form);
  const reason = form.elements["block-reason"].value.trim();
  if (!reason) { problemAt(form, "block-reason", _("Say why.")); return; }
  const json = { reason, until: instantOf(form.elements["block-until"].value) };
  try {
    await call(`/v1/employees/${id}/block`, { method: "POST", json, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const field = error.code === "bad_blocked_until" || error.body.field === "until" ? "block-until" : "block-reason";
    problemAt(form, field, error.message);
    return;
  }
  sayNext(_("Blocked: no gate lets them in."));
  location.reload();
});

document.getElementById("unblock")?.addEventListener("click", async (event) => {
  event.currentTarget.disabled = true;
  await call(`/v1/employees/${id}/unblock`, { method: "POST" }).then(() => {
    sayNext(_("The block is lifted: the rules decide again."));
    location.reload();
  }, () => { say(_("The block was not lifted."), "bad"); });
});
