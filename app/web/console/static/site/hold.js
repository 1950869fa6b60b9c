// Buttons that count only once they were held: [data-hold] sends the event "held" after 1.5 s of mouse, touch or key.

const HOLD_MS = 1500; // as long as the animation of .holding in console.css
const KEYS = ["Enter", " "];
let holding = null;

const heldButton = (target) => (target instanceof Element ? target.closest("[data-hold]:not(:disabled)") : null);

function begin(button) {
  stop();
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
  stop().dispatchEvent(new CustomEvent("held", { bubbles: true }));
}

function letGo() {
  const button = stop();
  if (button) hint(button, "Hold for 1.5 s. Nothing was ordered.");
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
