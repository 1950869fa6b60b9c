// A site's name and time zone, where the clock beside the field shows what the zone means; what guards may do, what people agree to, and the language.

import { call, sayNext } from "../api.js";
import { save, unsaved } from "../access/saving.js";
import { saveSettings } from "./save_settings.js";
import { _, language } from "../words.js";

for (const form of document.querySelectorAll("[data-site]")) {
  const entry = await call(`/v1/sites/${form.dataset.site}`);
  const zone = form.elements.time_zone;
  const now = form.querySelector(".zone-now");

  const tell = () => {
    try {
      const parts = { timeZone: zone.value.trim(), weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "longOffset" };
      now.textContent = _`There it is ${new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, parts).format(new Date())}.`;
    } catch {
      now.textContent = _("No such time zone.");
    }
  };
  zone.addEventListener("input", tell);
  form.addEventListener("input", () => unsaved(true));
  setInterval(tell, 10_000);
  tell();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { name: form.elements.name.value.trim(), time_zone: zone.value.trim() };
    const words = (site) => [[_("Name"), site.name], [_("Time zone"), site.time_zone]];
    const target = { kind: "sites", action: "patch", id: entry.id, version: entry.version };
    if (!(await save(form, { ...target, body, describe: words }))) return;
    sayNext(_("Saved. Times on pages are on this clock now."));
    location.reload();
  });
}

const guards = document.getElementById("guard-grants");
const hours = guards.elements.guard_grant_max_hours;
const lockdown = guards.elements.guards_may_lock_down;
const guardWords = (is) => `${is.guard_grant_max_hours === null ? _("no grants") : _`${is.guard_grant_max_hours} hours`}, ${is.guards_may_lock_down ? _("with lockdowns") : _("without lockdowns")}`;

guards.addEventListener("submit", (event) => {
  event.preventDefault();
  const json = { guard_grant_max_hours: hours.value === "" ? null : Number(hours.value), guards_may_lock_down: lockdown.checked };
  const theirs = (current) => _`Somebody else set this to ${guardWords(current)}, meanwhile.`;
  saveSettings(guards, json, { field: hours.name, saved: _("Saved. It applies now."), theirs });
});

const consent = document.getElementById("consent");
consent.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = consent.elements.consent_text.value.trim();
  const theirs = () => _("Somebody else changed the site's settings meanwhile.");
  saveSettings(consent, { consent_text: text || null, consent_required: consent.elements.consent_required.checked }, { field: "consent_text", saved: _("Saved. Whoever opens a link now reads it."), theirs });
});
const pages = document.getElementById("pages");
pages.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = pages.elements.language.value;
  const theirs = () => _("Somebody else changed the site's settings meanwhile.");
  saveSettings(pages, { language: chosen === "en" ? null : chosen }, { field: "language", saved: _("Saved. It applies to the next page that is opened."), theirs });
});
for (const form of [guards, consent, pages]) form.addEventListener("input", () => unsaved(true));
