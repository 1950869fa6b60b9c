// Enrolment by badge: turned on and off, begun, accepted, rejected.

import { call, say, sayNext } from "../api.js";
import { _ } from "../words.js";

for (const button of document.querySelectorAll("[data-by-badge]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const on = button.dataset.byBadge === "on";
    const { version } = document.querySelector("[data-version]").dataset;
    await call("/v1/settings", { method: "PATCH", json: { enrol_by_badge: on }, version }).then(() => {
      sayNext(on ? _("Enrolment by badge is on.") : _("Enrolment by badge is off. Its pictures are erased."));
      location.reload();
    }, () => { button.disabled = false; });
  });
}

// Presses of a person's card; `path` follows their address.
function acts(attribute, method, path, done) {
  for (const button of document.querySelectorAll(`[data-${attribute}]`)) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      const { enrolment } = button.closest("[data-enrolment]").dataset;
      try {
        done(await call(`/v1/employees/${enrolment}/badge-enrolment${path}`, { method }));
      } catch { /* shown already */ }
      button.disabled = false;
    });
  }
}

function reloads(words) {
  return () => { sayNext(words); location.reload(); };
}

acts("stop", "DELETE", "", reloads(_("Ended. The pictures are erased.")));
acts("begin", "POST", "", reloads(_("It has begun: four badge reads, at least five minutes apart, each give a picture.")));
acts("accept", "POST", "/accept", ({ photos }) => {
  const problem = photos.find((photo) => !photo.accepted);
  if (problem) say(problem.detail ?? problem.problems.join(", "), "bad");
  else reloads(_("Accepted. The gates know the face now."))();
});
