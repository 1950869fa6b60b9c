// A site's name and time zone. The clock beside the field shows what the zone means.

import { call, sayNext } from "../api.js";
import { save, unsaved } from "../access/saving.js";

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
