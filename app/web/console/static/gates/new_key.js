// Makes a gate's key and shows it once, with a button that copies it.
//
// <div data-new-key="GATE NAME"> becomes the button.

import { call } from "../api.js";
import { copied } from "../copy.js";
import { el } from "../parts.js";
import { _ } from "../words.js";

/** A box with a button that makes a key for the gate. */
export function newKey(gate) {
  const box = el("div", { class: "stack" });
  const make = el("button", { type: "button", class: "second" }, _("Make a key"));
  make.addEventListener("click", async () => {
    make.disabled = true;
    const made = await call("/v1/keys", { method: "POST", json: { role: "gate", gate, name: `controller of ${gate}` } }).catch(() => null);
    make.disabled = false;
    if (!made) return;
    const secret = el("code", { class: "secret", tabindex: "0", "aria-label": _("The new key") }, made.key);
    const copy = el("button", { type: "button" }, _("Copy"));
    copy.addEventListener("click", () => copied(copy, secret, made.key));
    box.replaceChildren(el("p", {}, _("This key is shown this once. Copy it to the controller.")), secret, el("div", { class: "actions" }, copy));
    copy.focus();
  });
  box.append(make);
  return box;
}

for (const box of document.querySelectorAll("[data-new-key]")) box.append(newKey(box.dataset.newKey));
