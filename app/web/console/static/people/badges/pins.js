// A person's PINs: issued at random, shown once, and taken back.

import { call, CallError, sayNext } from "../../api.js";
import { _ } from "../../words.js";

const dialog = document.getElementById("issue-pin");
const form = dialog.querySelector("form");
const words = document.getElementById("issue-pin-words");
const replaces = document.getElementById("issue-pin-replaces");
const shown = document.getElementById("issued-pin");
const problem = document.getElementById("issue-pin-problem");
const go = document.getElementById("issue-pin-go");
let kind = "pin";

for (const button of document.querySelectorAll("[data-issue]")) {
  button.addEventListener("click", () => {
    kind = button.dataset.issue;
    document.getElementById("issue-pin-title").textContent = form.dataset[kind];
    replaces.hidden = !("again" in button.dataset);
    problem.hidden = true;
    dialog.showModal();
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  go.disabled = true;
  problem.hidden = true;
  try {
    const issued = await call("/v1/credentials", { method: "POST", json: { employee: form.dataset.employeeId, kind }, quiet: true });
    words.textContent = _("Hand it over now. Nobody can read it again.");
    replaces.hidden = true;
    shown.textContent = `${issued.pin.slice(0, 3)} ${issued.pin.slice(3)}`;
    shown.hidden = false;
    go.hidden = true;
    const close = dialog.querySelector("[data-closes]");
    close.textContent = _("Done");
    close.focus();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    problem.textContent = error.message;
    problem.hidden = false;
    go.disabled = false;
  }
});

// The digits leave the page with the dialog.
dialog.addEventListener("close", () => {
  if (shown.hidden) return;
  shown.textContent = "";
  sayNext(_("The PIN was issued. It holds from the next decision on."));
  location.reload();
});

for (const button of document.querySelectorAll("[data-take-back-pin]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call(`/v1/credentials/${button.dataset.takeBackPin}`, { method: "DELETE" });
    } catch { // it said why
      button.disabled = false;
      return;
    }
    sayNext(_("The PIN was taken back: it confirms nothing any more."));
    location.reload();
  });
}
