// Unknown faces: turned on and off, and named.

import { call, rooted, say, sayNext } from "../api.js";
import { el } from "../parts.js";
import { _, counted } from "../words.js";

const TYPING_MS = 150;
const AGAIN_MS = 3000;

for (const button of document.querySelectorAll("[data-unknown]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const on = button.dataset.unknown === "on";
    const { version } = document.querySelector("[data-version]").dataset;
    await call("/v1/settings", { method: "PATCH", json: { unknown_faces: on }, version }).then(() => {
      sayNext(on ? _("Unknown faces are on.") : _("Unknown faces are off. What was read of the pictures is gone."));
      location.reload();
    }, () => { button.disabled = false; });
  });
}

// While pictures are looked at, the page looks again, unless somebody is about to answer.
const unread = Number(document.getElementById("unread")?.dataset.unread ?? 0);
if (unread) {
  setTimeout(() => {
    if (!document.querySelector(".unknown:focus-within")) location.reload();
  }, AGAIN_MS);
}

async function name(form, id, who) {
  const events = [...form.querySelectorAll("[name=event]:checked")].map((box) => box.value);
  if (!events.length) {
    say(_("Choose at least one picture."), "bad");
    return;
  }
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const { photos } = await call("/v1/unknown-faces/assign", { method: "POST", json: { employee: id, events } });
    const accepted = photos.filter((photo) => photo.accepted).length;
    if (accepted) {
      const next = form.nextElementSibling?.matches(".unknown") ? form.nextElementSibling : form.previousElementSibling;
      form.remove();
      say(`${counted(accepted, "{1}: one photo was added,", "{1}: {0} photos were added,", who)} ${counted(events.length, "and the attempt names them now.", "and {0} attempts name them now.")}`, "good");
      (next?.querySelector("button, input") ?? document.getElementById("main")).focus();
      return;
    }
    say(_`${who} was not changed. ${photos.map((photo) => photo.detail ?? photo.problems.join(", ")).join(" ")}`, "bad");
  } catch { /* shown already */ }
  for (const button of buttons) button.disabled = false;
}

for (const form of document.querySelectorAll("[data-group]")) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-person]");
    if (button) name(form, button.dataset.person, button.dataset.name);
  });
  const found = form.querySelector("[data-found]");
  let typed;
  let asked = 0;
  form.elements.who.addEventListener("input", ({ target }) => {
    clearTimeout(typed);
    typed = setTimeout(async () => {
      const mine = ++asked;
      const q = target.value.trim();
      const people = q ? (await call(`/v1/employees?limit=5&q=${encodeURIComponent(q)}`)).items : [];
      if (mine !== asked) return;
      found.replaceChildren(...people.map((one) => el("button", { type: "button", class: "second", "data-person": one.id, "data-name": one.name },
        one.photos ? el("img", { class: "avatar", src: rooted(`/portraits/${one.id}`), alt: "", width: 40, height: 40 }) : el("span", { class: "avatar", "aria-hidden": "true" }, one.name.slice(0, 1).toUpperCase()),
        el("span", {}, one.name, el("span", { class: "hint" }, one.number)))));
      if (q && !people.length) found.append(el("p", { class: "hint" }, _`Nobody is called “${q}”.`));
    }, TYPING_MS);
  });
}
