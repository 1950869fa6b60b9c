// What the columns of a file mean: sends the choices, and goes on to the dry run.

import { call, rooted, say } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { _ } from "../words.js";

const form = document.getElementById("columns");
const selects = [...form.querySelectorAll("select[data-title]")];

/** The titles by our columns; a name's parts in their order. Throws the select that is chosen twice. */
function chosen() {
  const columns = {};
  const taken = new Set();
  const parts = [];
  for (const select of selects) {
    const [name, place] = select.value.split(":");
    if (!name) continue;
    const many = name === "groups" || name === "photos";
    if (!many && taken.has(select.value)) throw select;
    taken.add(select.value);
    if (name === "name") parts[Number(place ?? 1) - 1] = select.dataset.title;
    else if (many) (columns[name] ??= []).push(select.dataset.title);
    else columns[name] = select.dataset.title;
  }
  const named = parts.filter(Boolean);
  if (named.length) columns.name = named;
  return columns;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(form);
  let columns = {};
  try {
    if (!form.dataset.own) columns = chosen();
  } catch (twice) {
    problemAt(form, twice.name, _("Another column is this already. Choose it once."));
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  const id = form.dataset.import;
  try {
    await call(`/v1/imports/${id}/mapping`, { method: "POST", json: { columns, dates: form.elements.dates.value || null }, quiet: true });
    location.assign(rooted(`/imports/${id}`));
  } catch (error) {
    button.disabled = false;
    if (error.code === "ambiguous_dates") problemAt(form, "dates", error.message);
    else if (error.code === "bad_mapping" && !(columns.number && columns.name)) {
      problemAt(form, selects[0].name, columns.number ? _("Choose which column is the name.") : _("Choose which column is the number."));
    } else say(error.message, "bad");
  }
});
