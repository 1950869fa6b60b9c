// A site's name and time zone, where the clock beside the field shows what the zone means; and what guards may do.

import { call, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { save, showError, unsaved } from "../access/saving.js";

for (const form of document.querySelectorAll("[data-site]")) {
  const entry = await call(`/v1/sites/${form.dataset.site}`);
  const zone = form.elements.time_zone;
  const now = form.querySelector(".zone-now");

  const tell = () => {
    try {
      const parts = { timeZone: zone.value.trim(), weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "longOffset" };
      now.textContent = `There it is ${new Intl.DateTimeFormat("en-GB", parts).format(new Date())}.`;
    } catch {
      now.textContent = "No such time zone.";
    }
  };
  zone.addEventListener("input", tell);
  form.addEventListener("input", () => unsaved(true));
  setInterval(tell, 10_000);
  tell();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { name: form.elements.name.value.trim(), time_zone: zone.value.trim() };
    const words = (site) => [["Name", site.name], ["Time zone", site.time_zone]];
    const target = { kind: "sites", action: "patch", id: entry.id, version: entry.version };
    if (!(await save(form, { ...target, body, describe: words }))) return;
    sayNext("Saved. Times on pages are on this clock now.");
    location.reload();
  });
}

const guards = document.getElementById("guard-grants");
const hours = guards.elements.guard_grant_max_hours;
const lockdown = guards.elements.guards_may_lock_down;
const guardWords = (is) => `${is.guard_grant_max_hours === null ? "no grants" : `${is.guard_grant_max_hours} hours`}, ${is.guards_may_lock_down ? "with" : "without"} lockdowns`;

guards.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(guards);
  const json = { guard_grant_max_hours: hours.value === "" ? null : Number(hours.value), guards_may_lock_down: lockdown.checked };
  try {
    await call("/v1/settings", { method: "PATCH", json, version: guards.dataset.settings, quiet: true });
  } catch (error) {
    const current = error.body?.current;
    if (!current) return showError(guards, error);
    // The next click saves one's own value, knowing the other.
    guards.dataset.settings = current.version;
    problemAt(guards, hours.name, `Somebody else set this to ${guardWords(current)}, meanwhile. Save again to use yours.`);
    return undefined;
  }
  unsaved(false);
  sayNext("Saved. It applies now.");
  location.reload();
  return undefined;
});
guards.addEventListener("input", () => unsaved(true));
