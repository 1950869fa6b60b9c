// Keys on Live: 1 to 9 choose a gate, O opens it, A acknowledges, / searches, ? shows them.

const help = document.getElementById("keys");
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

/** does: what to do by key, as "o"; digits call `choose` with a number from 1. */
export function listen(does, choose) {
  document.getElementById("show-keys")?.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey || typing(press.target) || document.querySelector("dialog[open]")) return;
    const key = press.key.toLowerCase();
    if (key === "?") help.showModal();
    else if (/^[1-9]$/.test(key)) choose(Number(key));
    else if (key in does) does[key]();
    else return;
    press.preventDefault();
  });
}
