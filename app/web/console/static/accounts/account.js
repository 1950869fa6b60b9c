// The reader's own password and sessions.

import { call, say, sayNext } from "../api.js";
import { _ } from "../words.js";

document.getElementById("password")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { old, new: chosen, again } = event.target.elements;
  if (chosen.value !== again.value) return say(_("The two new passwords differ; type them again."), "bad");
  const json = { old: old.value, new: chosen.value };
  const done = await call("/v1/account/password", { method: "POST", json }).then(() => true, () => false);
  if (!done) return;
  sayNext(_("Your password was changed; you are signed out everywhere else."));
  location.reload();
});

document.getElementById("elsewhere")?.addEventListener("click", async () => {
  const done = await call("/v1/account/sessions", { method: "DELETE" }).then(() => true, () => false);
  if (!done) return;
  sayNext(_("You are signed out everywhere else."));
  location.reload();
});
