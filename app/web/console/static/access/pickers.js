// The pickers of templates/access/pick.html: boxes to tick, and people found by name or number.

import { call } from "../api.js";
import { el } from "../parts.js";
import { _ } from "../words.js";

const FOUND = 8;

/** The ticked values of a picker. */
export const ticked = (form, name) => [...form.querySelectorAll(`[data-checks="${name}"] input:checked`)].map((box) => box.value);

/** Ticks exactly these. */
export function tick(form, name, values) {
  for (const box of form.querySelectorAll(`[data-checks="${name}"] input[type="checkbox"]`)) box.checked = values.includes(box.value);
}

/** The words beside what is ticked. */
export const tickedWords = (form, name) => [...form.querySelectorAll(`[data-checks="${name}"] input:checked`)].map((box) => box.parentElement.textContent.trim());

for (const field of document.querySelectorAll("[data-narrows]")) {
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const choice of field.closest("[data-checks]").querySelectorAll(".choice")) {
      const kept = choice.querySelector("input").checked || choice.textContent.toLowerCase().includes(wanted);
      choice.hidden = !kept;
    }
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

/** A picker of people in this form. changed: called after each change. */
export class People {
  constructor(form, changed = () => {}) {
    this.box = form.querySelector("[data-people]");
    this.changed = changed;
    this.chosen = new Map(); // names by id
    this.field = this.box.querySelector("input");
    this.field.addEventListener("input", () => this.find());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.box.querySelector(".found button")?.click();
    });
  }

  get ids() {
    return [...this.chosen.keys()];
  }

  set(people) {
    this.chosen = new Map(people);
    this.draw();
  }

  async find() {
    this.asked?.abort();
    const q = this.field.value.trim();
    if (!q) return this.show([]);
    this.asked = new AbortController();
    const query = new URLSearchParams({ q });
    try {
      const { items } = await call(`/v1/employees?${query}`, { signal: this.asked.signal });
      this.show(items.filter((one) => !this.chosen.has(one.id)).slice(0, FOUND), q);
    } catch (error) {
      if (error.name !== "AbortError" && !("status" in error)) throw error;
    }
  }

  show(people, q) {
    const rows = people.map((one) => el("li", {}, el("button", { type: "button", class: "second small", onclick: () => this.add(one) }, _`Add ${one.name} (${one.number})`)));
    if (q && !rows.length) rows.push(el("li", { class: "hint" }, _("Nobody else matches.")));
    this.box.querySelector(".found").replaceChildren(...rows);
  }

  add({ id, name }) {
    this.chosen.set(id, name);
    this.field.value = "";
    this.show([]);
    this.draw();
    this.changed();
    this.field.focus();
  }

  remove(id) {
    this.chosen.delete(id);
    this.draw();
    this.changed();
    this.field.focus();
  }

  draw() {
    this.box.querySelector(".chosen").replaceChildren(...[...this.chosen].map(([id, name]) =>
      el("li", {}, name, el("button", { type: "button", class: "quiet small", "aria-label": _`Leave out ${name}`, onclick: () => this.remove(id) }, "×"))));
  }
}
