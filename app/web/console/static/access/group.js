// A group's page: who is in it, found while one types; people are added and removed at once.

import { call, rooted, say, sayNext } from "../api.js";
import { el } from "../parts.js";
import { ask } from "./change.js";
import { remove, showError } from "./saving.js";
import { _, counted } from "../words.js";

const page = document.querySelector("[data-group]");
const id = page.dataset.group;
const fixed = page.dataset.source !== "local";
const members = document.getElementById("members");
const found = document.getElementById("found");
const count = document.getElementById("count");
const more = document.getElementById("more");

// Not awaited here: what is pressed before the answer comes must not be lost.
let entry;
const read = call(`/v1/groups/${id}`).then((answer) => {
  entry = answer;
  showCount(entry.members);
});
let cursor = null;
let asked;

const personRow = (person, button) =>
  el("li", { "data-person": person.id }, el("a", { href: rooted(`/employees/${person.id}`) }, person.name), el("span", { class: "faint number" }, person.number), button);

function showCount(total) {
  count.textContent = counted(total, "{0} person", "{0} people");
}

async function list({ next = false } = {}) {
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams({ limit: "50" });
  const q = document.getElementById("member-search").value.trim();
  if (q) query.set("q", q);
  if (next) query.set("cursor", cursor);
  const page = await call(`/v1/groups/${id}/members?${query}`, { signal: asked.signal }).catch(aborted);
  if (!page) return;
  cursor = page.next;
  more.parentElement.hidden = !cursor;
  const rows = page.items.map((person) =>
    personRow(person, !fixed && el("button", { type: "button", class: "second small", "aria-label": _`Remove ${person.name}`, onclick: () => change({ remove: [person.id] }, person, _("was removed")) }, _("Remove"))),
  );
  if (next) members.append(...rows);
  else members.replaceChildren(...rows);
  document.getElementById("no-members").hidden = members.children.length > 0;
  document.getElementById("no-members").textContent = q ? _("Nobody here matches.") : _("Nobody is in this group yet.");
}

function aborted(error) {
  if (error.name !== "AbortError" && error.status === undefined) throw error;
  return null;
}

async function change(json, person, words) {
  const done = await call(`/v1/groups/${id}/members`, { method: "POST", json }).catch(() => null);
  if (!done) return;
  showCount(done.members);
  say(_`${person.name} ${words}. It applies from the next decision.`, "good");
  await Promise.all([list(), find()]);
}

let sought;
async function find() {
  sought?.abort();
  const search = document.getElementById("people-search");
  const q = search?.value.trim();
  if (!q) return found.replaceChildren();
  sought = new AbortController();
  const page = await call(`/v1/employees?${new URLSearchParams({ q })}`, { signal: sought.signal }).catch(aborted);
  if (!page) return;
  await read;
  const name = entry.name.toLowerCase();
  const rows = page.items.slice(0, 20).map((person) => {
    const inside = person.groups.some((group) => group.toLowerCase() === name);
    return personRow(person, inside ? el("span", { class: "badge good" }, _("is in")) : el("button", { type: "button", class: "small", "aria-label": _`Add ${person.name}`, onclick: () => change({ add: [person.id] }, person, _("was added")) }, _("Add")));
  });
  // Somebody may have gone on to a name or a button of the answer to fewer letters.
  const named = (one) => one.getAttribute("href") ?? one.getAttribute("aria-label");
  const focused = found.contains(document.activeElement) && named(document.activeElement);
  found.replaceChildren(...(rows.length ? rows : [el("li", { class: "faint" }, _("Nobody matches."))]));
  if (focused) [...found.querySelectorAll("a, button")].find((one) => named(one) === focused)?.focus();
}

more.addEventListener("click", () => list({ next: true }));
document.getElementById("member-search").addEventListener("input", () => list());
document.getElementById("people-search")?.addEventListener("input", find);

const dialog = document.getElementById("rename");
const form = dialog?.querySelector("form");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await read;
  const json = { name: form.elements.name.value.trim(), description: form.elements.description.value.trim() || null };
  try {
    await call(`/v1/groups/${id}`, { method: "PATCH", json, version: entry.version, quiet: true });
  } catch (error) {
    if (error.code === "entry_changed") return changedMeanwhile(error.body.current);
    return showError(form, error);
  }
  sayNext(_("Saved. Its members and rules keep it under the new name."));
  location.reload();
});

async function changedMeanwhile(current) {
  dialog.close();
  const mine = form.elements.name.value.trim();
  const words = [el("p", {}, _`Somebody else renamed it to "${current.name}". You wrote "${mine}".`)];
  const answer = await ask(_("Changed meanwhile"), words, [[_("Keep theirs"), "theirs", "second"], [_("Use mine"), "mine", ""]]);
  if (answer === "theirs") return location.reload();
  entry = current;
  if (answer === "mine") form.requestSubmit();
}

document.getElementById("delete")?.addEventListener("click", async () => {
  await read;
  if (!(await remove("groups", entry))) return;
  sayNext(_("The group was deleted."));
  location.assign(rooted("/access/groups"));
});

list();
find();
