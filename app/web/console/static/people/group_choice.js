// The groups of a person: chosen from those that there are, or named anew. A new one is made when the person is saved.

import { el } from "../parts.js";
import { _ } from "../words.js";

const same = (a) => (b) => a.toLowerCase() === b.toLowerCase();

export class GroupChoice {
  /** form: has a box with [data-group-choice], which names the person's groups. */
  constructor(form) {
    const box = form.querySelector("[data-group-choice]");
    this.input = box.querySelector("input");
    this.list = box.querySelector(".chosen-groups");
    this.known = [...box.querySelectorAll("option")].map((option) => option.value);
    this.chosen = JSON.parse(box.dataset.groupChoice);
    box.querySelector(".with-button button").addEventListener("click", () => {
      this.take();
      this.input.focus();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.input.value.trim()) return;
      event.preventDefault(); // the form is not finished yet
      this.take();
    });
    this.show();
  }

  /** The names of the chosen groups, together with what is typed but not added yet. */
  groups() {
    this.take();
    return this.chosen;
  }

  take() {
    const typed = this.input.value.trim();
    const names = this.known.some(same(typed)) ? [typed] : typed.split(",").map((name) => name.trim());
    for (const name of names) {
      if (name && !this.chosen.some(same(name))) this.chosen.push(this.known.find(same(name)) ?? name);
    }
    this.input.value = "";
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.chosen.map((name) => {
      const out = el("button", { type: "button", class: "quiet small", "aria-label": _`Remove the group ${name}` }, "×");
      out.addEventListener("click", () => {
        this.chosen = this.chosen.filter((one) => one !== name);
        this.show();
        this.input.focus();
      });
      return el("li", {}, name, !this.known.some(same(name)) && el("span", { class: "badge info" }, _("new")), out);
    }));
  }
}
