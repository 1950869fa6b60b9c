// A person's badges: given by number or by presenting one at a reader, and taken back.

import { call, CallError, sayNext } from "../../api.js";
import { clearProblems, problemAt } from "../../parts.js";
import { _ } from "../../words.js";

const dialog = document.getElementById("give-badge");
const form = dialog.querySelector("form");
const { "badge-gate": gate, "badge-format": format, "badge-number": number } = form.elements;
const preview = document.getElementById("badge-preview");
const hint = document.getElementById("badge-gate-hint");
const LOOK_MS = 1000;
let asked = 0;

async function show() {
  const mine = (asked += 1);
  const typed = number.value.trim();
  let words = "";
  if (typed) {
    try {
      const badge = await call("/v1/credentials/preview", { method: "POST", json: { number: typed, card_format: format.value, hexadecimal: inHex() }, quiet: true });
      const printed = badge.numbers[format.value];
      words = printed ? _`${badge.bits} bits, number ${printed}` : _`${badge.bits} bits: ${badge.hex}`;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      words = error.message;
    }
  }
  if (mine === asked) preview.textContent = words;
}

/** A reader that is plugged in as a keyboard types the number, then Enter. Enter adds nothing: the preview comes first. */
function atKeyboard() {
  return gate.value === "keyboard";
}
const inHex = () => atKeyboard() && gate.selectedOptions[0].dataset.digits === "hex";

number.addEventListener("keydown", (event) => {
  if (!atKeyboard()) return;
  if (event.key === "Enter") {
    event.preventDefault();
    hint.textContent = number.value.trim() ? _("A badge was read. Check it, then add it.") : hint.textContent;
    number.select(); // the next one takes its place
  }
});

/** Waits for a badge at the chosen reader while the dialog is open. */
async function look() {
  const chosen = gate.value;
  if (!dialog.open || !chosen || atKeyboard()) return;
  let read = null;
  try {
    read = (await call(`/v1/readers/${chosen}`, { quiet: true, background: true })).unknown_badge;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
  if (gate.value !== chosen || !dialog.open) return;
  hint.textContent = read ? _("A badge was read.") : _("Waiting for a badge that nobody has …");
  const bits = read && `${read.bits}:${read.hex}`;
  if (bits && number.dataset.read !== bits) {
    number.dataset.read = bits;
    number.value = bits;
    if (!read.numbers[format.value]) format.value = "raw";
    await show();
  }
  setTimeout(look, LOOK_MS);
}

gate.addEventListener("change", () => {
  hint.textContent = hint.dataset.hint;
  format.value = gate.selectedOptions[0].dataset.format ?? format.value;
  if (atKeyboard()) {
    hint.textContent = _("Hold the badge to the reader.");
    number.focus();
    show();
    return;
  }
  look();
});
form.addEventListener("input", show);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(form);
  const json = { employee: form.dataset.employeeId, number: number.value.trim(), card_format: format.value, hexadecimal: inHex() };
  if (!json.number) { problemAt(form, "badge-number", _("Type the number, or present the badge.")); return; }
  try {
    await call("/v1/credentials", { method: "POST", json, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    problemAt(form, "badge-number", error.message);
    return;
  }
  sayNext(_("The badge was added. It opens from the next decision on."));
  location.reload();
});

for (const button of document.querySelectorAll("[data-take-back]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call(`/v1/credentials/${button.dataset.takeBack}`, { method: "DELETE" });
    } catch { // it said why
      button.disabled = false;
      return;
    }
    sayNext(_("The badge was taken back: it opens nothing any more."));
    location.reload();
  });
}
