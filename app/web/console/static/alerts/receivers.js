// Receivers of alerts: sends tests, and on a receiver's page saves it, makes another secret and removes it.

import { CallError, call, rooted, say, sayNext } from "../api.js";
import { copied } from "../copy.js";
import { clearProblems } from "../parts.js";
import { showError } from "../access/saving.js";
import { _ } from "../words.js";

for (const button of document.querySelectorAll("[data-test]")) {
  button.addEventListener("click", async () => {
    const { id, name } = button.closest("[data-id]").dataset;
    button.disabled = true;
    const sent = await call(`/v1/receivers/${id}/test`, { method: "POST" }).catch(() => null);
    button.disabled = false;
    if (!sent) return;
    const { answer } = sent;
    if (sent.state === "delivered") say(_`The test arrived at ${name}: ${answer}.`, "good");
    else say(_`The test did not arrive at ${name}: ${answer}.`, "bad");
  });
}

const form = document.getElementById("receiver");
if (form) receiver();

function receiver() {
  const { id, version } = form.dataset;
  const fields = form.elements;
  const shown = document.getElementById("shown");
  const kind = () => (id ? form.dataset.form : fields.form.value);

  function follow() {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== kind();
    fields.address.placeholder = fields.address.dataset[`example${kind()[0].toUpperCase()}${kind().slice(1)}`];
  }
  if (!id) for (const choice of fields.form) choice.addEventListener("change", follow);
  follow();

  function wanted() {
    const json = {
      name: fields.name.value.trim(),
      kinds: [...form.querySelectorAll('[name="kinds"]:checked')].map((box) => box.value),
      least_severity: fields.least_severity.value,
      quiet_schedule: fields.quiet_schedule.value || null,
    };
    for (const name of ["critical_always", "ended", "with_names", "enabled"]) json[name] = fields[name].checked;
    const address = fields.address.value.trim();
    if (!id) json.form = kind();
    if (address || !id) json.address = address;
    if (kind() === "mqtt") {
      json.user = fields.user.value.trim();
      if (fields.secret.value || !id) json.secret = fields.secret.value;
    }
    return json;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems(form);
    const button = form.querySelector("button:not([type])");
    button.disabled = true;
    try {
      if (id) await call(`/v1/receivers/${id}`, { method: "PATCH", json: wanted(), version, quiet: true });
      else {
        const made = await call("/v1/receivers", { method: "POST", json: wanted(), quiet: true });
        if (made.secret) return showSecret(made.secret, () => location.assign(rooted(`/receivers/${made.id}`)));
        return location.assign(rooted(`/receivers/${made.id}`));
      }
      sayNext(_("Saved. It applies from the next alert."));
      location.reload();
    } catch (error) {
      if (error instanceof CallError && error.code === "entry_changed") say(_("Somebody else changed this receiver meanwhile. Reload the page to see how."), "bad");
      else showError(form, error);
    } finally {
      button.disabled = false;
    }
    return undefined;
  });

  function showSecret(secret, then) {
    document.getElementById("secret-text").textContent = secret;
    shown.addEventListener("close", then, { once: true });
    shown.showModal();
  }

  const copy = document.getElementById("copy-secret");
  copy.addEventListener("click", () => {
    const text = document.getElementById("secret-text");
    copied(copy, text, text.textContent);
  });

  document.getElementById("renew")?.addEventListener("click", async () => {
    const made = await call(`/v1/receivers/${id}/secret`, { method: "POST" }).catch(() => null);
    document.getElementById("again").close();
    if (made) showSecret(made.secret, () => location.reload());
  });

  document.getElementById("remove")?.addEventListener("click", async () => {
    const done = await call(`/v1/receivers/${id}`, { method: "DELETE" }).then(() => true, () => false);
    if (!done) return;
    sayNext(_("The receiver was removed."));
    location.assign(rooted("/receivers"));
  });
}
