// The slider of the false-accept rate: shows what the chosen stop would mean, and saves it.

import { call, sayNext } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { showError, unsaved } from "../access/saving.js";

const form = document.getElementById("rate");
if (form) {
  const slider = form.elements.false_accept_rate;
  const steps = [...form.querySelectorAll(".step")];

  slider.addEventListener("input", () => {
    const at = Number(slider.value);
    steps.forEach((step, place) => {
      step.hidden = place !== at;
    });
    slider.setAttribute("aria-valuetext", steps[at].dataset.words);
    clearProblems(form);
    unsaved(slider.value !== form.dataset.now);
  });

  const save = async (rate, words) => {
    clearProblems(form);
    try {
      await call("/v1/settings", { method: "PATCH", json: { false_accept_rate: rate }, version: form.dataset.version, quiet: true });
    } catch (error) {
      const current = error.body?.current;
      if (!current) return showError(form, error);
      form.dataset.version = current.version;
      const theirs = current.false_accept_rate === null ? "as started" : `1 in ${Number((1 / current.false_accept_rate).toPrecision(3)).toLocaleString("en")}`;
      return problemAt(form, "false_accept_rate", `Somebody else changed the settings meanwhile; the rate is ${theirs} now. Save again to use yours.`);
    }
    unsaved(false);
    sayNext(`Saved: ${words}. It counts from the next decision.`);
    location.reload();
    return undefined;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { rate, words } = steps[Number(slider.value)].dataset;
    save(Number(rate), words);
  });
  form.querySelector("[data-started]")?.addEventListener("click", () => save(null, "as the service was started"));
}
