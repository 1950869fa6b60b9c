// Buttons that count only once they were held: [data-hold] sends the event "held" after 1.5 s of mouse, touch or key.
// Whoever cannot hold, because they speak or use a switch, presses once and then Confirm, which appears elsewhere.

import { _ } from "../words.js";

const HOLD_MS = 1500; // as long as the animation of .holding in console.css
const KEYS = ["Enter", " "];
const CONFIRM_MS = 20_000;
const TWICE_MS = 600; // a double click is no answer to a question that appeared in the middle of it
let holding = null;
let held = null; // the button whose hold is done; the click that follows asks nothing

const heldButton = (target) => (target instanceof Element ? target.closest("[data-hold]:not(:disabled)") : null);

function begin(button) {
  stop();
  held = null;
  hint(button, "");
  button.classList.add("holding");
  holding = { button, timer: setTimeout(finish, HOLD_MS) };
}

function stop() {
  if (!holding) return null;
  const { button, timer } = holding;
  clearTimeout(timer);
  button.classList.remove("holding");
  holding = null;
  return button;
}

function finish() {
  held = stop();
  order(held);
}

function order(button) {
  withdraw(button.closest(".hold-box"));
  button.dispatchEvent(new CustomEvent("held", { bubbles: true }));
}

function letGo() {
  const button = stop();
  if (button) offer(button);
}

/** Asks for a second press, for a while. */
function offer(button) {
  const box = button.closest(".hold-box");
  hint(button, _("Hold for 1.5 s, or press Confirm. Nothing was ordered."));
  if (box.querySelector("[data-confirms]")) return;
  const confirm = document.createElement("button");
  const since = performance.now();
  Object.assign(confirm, { type: "button", className: "confirm", textContent: _("Confirm") });
  confirm.dataset.confirms = "";
  confirm.setAttribute("aria-label", _`Confirm: ${button.dataset.orders}`);
  confirm.addEventListener("click", () => performance.now() - since > TWICE_MS && order(button));
  box.append(confirm);
  setTimeout(() => confirm.isConnected && withdraw(box), CONFIRM_MS);
}

function withdraw(box) {
  const confirm = box.querySelector("[data-confirms]");
  const button = box.querySelector("[data-hold]");
  hint(button, "");
  if (confirm && confirm === document.activeElement) button.focus();
  confirm?.remove();
}

function hint(button, text) {
  button.closest(".hold-box").querySelector(".hold-hint").textContent = text;
}

document.addEventListener("pointerdown", (press) => {
  const button = heldButton(press.target);
  if (!button || !press.isPrimary || press.button !== 0) return;
  button.setPointerCapture(press.pointerId); // a hand that shakes does not let go
  begin(button);
});
// A press that was no hold: a word spoken, a switch, a screen reader. A mouse and a finger have been answered already.
document.addEventListener("click", ({ target }) => {
  const button = heldButton(target);
  if (button && button !== held) offer(button);
  held = null;
});
document.addEventListener("keydown", (press) => {
  const button = heldButton(press.target);
  if (!button || !KEYS.includes(press.key)) return;
  press.preventDefault(); // no click
  // A key that is still down from opening the dialog does not count.
  if (!press.repeat) begin(button);
});
document.addEventListener("keyup", (press) => KEYS.includes(press.key) && letGo());
document.addEventListener("focusout", ({ target }) => target === holding?.button && letGo());
for (const kind of ["pointerup", "pointercancel", "visibilitychange"]) document.addEventListener(kind, letGo);
addEventListener("blur", letGo);
// What a long touch would open.
document.addEventListener("contextmenu", (menu) => heldButton(menu.target) && menu.preventDefault());
