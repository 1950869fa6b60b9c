// Adds a gate: its name, and where it leads. A zone that does not exist yet is made.
//
// <form data-add-gate data-zones='[{"id", "name"}]'>. data-then: where to go; empty: to the gate's page.

import { call, CallError, rooted, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { _ } from "../words.js";

const FIELDS = { bad_gate_name: "name", gate_exists: "name", bad_gate_zones: "zone_to", bad_name: "zone_to" };

for (const form of document.querySelectorAll("[data-add-gate]")) {
  const zones = JSON.parse(form.dataset.zones);
  const site = form.elements.site.value ? () => form.elements.site.value : () => null;

  const zone = async (name) => {
    const typed = form.elements[name].value.trim();
    if (!typed || typed.toLowerCase() === "outside") return null;
    const known = zones.find((one) => one.name.toLowerCase() === typed.toLowerCase());
    if (known) return known.id;
    const made = await call("/v1/zones", { method: "POST", json: { name: typed, site: site() }, quiet: true });
    zones.push(made);
    return made.id;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems(form);
    const button = form.querySelector("button:not([type])");
    button.disabled = true;
    let gate;
    try {
      gate = await call("/v1/gates", { method: "POST", json: { name: form.elements.name.value.trim() }, quiet: true });
      const [from, to] = [await zone("zone_from"), await zone("zone_to")];
      if (from || to) await call(`/v1/gate-places/${gate.id}`, { method: "PATCH", json: { site: site(), zone_from: from, zone_to: to }, quiet: true });
      sayNext(_`${gate.name} was added. It is a test gate until you choose its hardware.`);
    } catch (error) {
      button.disabled = false;
      if (!(error instanceof CallError)) throw error;
      if (!gate) return void problemAt(form, FIELDS[error.code] ?? "name", error.message);
      sayNext(_`${gate.name} was added, but not where it leads: ${error.message}`, "bad");
    }
    location.assign(rooted(form.dataset.then || `/gates/${gate.id}`));
    return undefined;
  });
}
