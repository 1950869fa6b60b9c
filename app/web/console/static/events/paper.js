// The head of a printed page: when it was printed, and whether there is more than it shows.

import { moment } from "../parts.js";

/** cut: returns a sentence about what is left out, or "". */
export function onPaper(cut = () => "") {
  const head = document.querySelector(".paper");
  const at = head.querySelector("[data-printed]");
  // The reader's clock may be wrong: its distance from the service's, as of the page, is taken off.
  const ahead = Date.now() - Date.parse(at.querySelector("time").dateTime);
  addEventListener("beforeprint", () => {
    at.textContent = moment(Date.now() - ahead);
    head.querySelector("[data-cut]").textContent = cut();
  });
  document.getElementById("print").addEventListener("click", () => print());
}
