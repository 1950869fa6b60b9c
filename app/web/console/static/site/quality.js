// The slider of the false-accept rate: shows what the chosen stop would mean, and saves it.

import { clearProblems } from "../parts.js";
import { unsaved } from "../access/saving.js";
import { saveSettings } from "./save_settings.js";
import { _, number } from "../words.js";

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

  const rateWords = ({ false_accept_rate: rate }) => (rate === null ? _("as started") : _`1 in ${number(Number((1 / rate).toPrecision(3)))}`);
  const save = (rate, words) => saveSettings(form, { false_accept_rate: rate }, {
    field: "false_accept_rate",
    saved: _`Saved: ${words}. It counts from the next decision.`,
    theirs: (current) => _`Somebody else changed the settings meanwhile; the rate is ${rateWords(current)} now.`,
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { rate, words } = steps[Number(slider.value)].dataset;
    save(Number(rate), words);
  });
  form.querySelector("[data-started]")?.addEventListener("click", () => save(null, _("as the service was started")));
}
