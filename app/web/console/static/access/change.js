// A change of the rules: what it would do is shown before it is made, and what somebody else changed meanwhile beside it.

import { call, CallError, rooted } from "../api.js";
import { el } from "../parts.js";
import { _ } from "../words.js";

const NAMES = 50; // of people a gate, before "and 12 more"
const PARTS = [
  ["lost", _("can no longer pass")],
  ["gained", _("can pass, who could not before")],
  ["fewer_hours", _("at fewer hours")],
  ["more_hours", _("at more hours")],
];

/**
 * Makes a change: action "create", "patch" or "delete" of an entry of a kind such as "rules".
 * id, version: of the entry. body: what the API takes. does: the word of the button.
 * describe: turns an entry into [label, text] pairs, for the comparison with somebody else's change.
 * Returns the entry (null after a delete), or undefined if the admin went back.
 * Throws CallError for what the service refuses, without showing it: its `body.field` says beside what it belongs.
 */
export async function change({ kind, action, id, version, body, does = _("Save"), describe = plain }) {
  if (!(await agree([{ kind, action, id, body: action === "delete" ? undefined : body }], does))) return undefined;
  const path = id ? `/v1/${kind}/${id}` : `/v1/${kind}`;
  const method = { create: "POST", patch: "PATCH", delete: "DELETE" }[action];
  try {
    return await call(path, { method, json: action === "delete" ? undefined : body, version, quiet: true });
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== "entry_changed") throw error;
    const { current } = error.body;
    const chosen = await compare(current, action === "delete" ? null : { ...current, ...body }, describe);
    if (chosen === "theirs") {
      window.onbeforeunload = null; // what was not saved is given up
      location.reload();
    }
    if (chosen !== "mine") return undefined;
    return change({ kind, action, id, version: current.version, body, does, describe });
  }
}

/** The sentence of a refusal, without the place in the rules file that some begin with. */
export const refusal = (error) => error.message.replace(/^[a-z]+\[[^\]]*\](\.\w+)?: /, "");

/** Shows what changes would do; true if the admin agrees. One that does nothing to anybody is agreed to without asking. */
export async function agree(changes, does = _("Save")) {
  const found = await call(`/v1/rules/diff?people=${NAMES}`, { method: "POST", json: { changes }, quiet: true });
  if (!found.gates.length && !found.warnings.length) return true;
  const empty = found.gates.some((gate) => gate.nobody_left);
  return (await ask(_("What this changes"), [
    el("p", { class: `notice ${empty ? "bad" : found.gates.length ? "warn" : ""}` }, found.words),
    ...found.warnings.map((warning) => el("p", { class: "notice warn" }, warning.detail)),
    ...found.gates.map(gateChange),
  ], [[_("Back"), "back", "second"], [does, "do", empty ? "danger" : ""]])) === "do";
}

function gateChange(gate) {
  const parts = PARTS.filter(([name]) => gate[name].count);
  const counts = parts.map(([name, words]) => `${gate[name].count} ${words}`).join("; ");
  return el("details", { class: "gate-change" },
    el("summary", {}, el("strong", {}, gate.name), ` ${counts}`, gate.nobody_left && el("span", { class: "badge bad" }, _("nobody is left"))),
    ...parts.map(([name, words]) => el("div", {}, parts.length > 1 && el("h4", {}, `${gate[name].count} ${words}`), names(gate[name]))));
}

function names({ count, people }) {
  const more = count - people.length;
  return el("ul", { class: "names" },
    ...people.map((one) => el("li", {}, el("a", { href: rooted(`/employees/${one.id}`), target: "_blank" }, one.name), ` ${one.number}`)),
    more > 0 && el("li", {}, _`and ${more} more`));
}

/** Shows somebody else's change beside one's own; "mine", "theirs" or "back". mine: null is a removal. */
export function compare(theirs, mine, describe) {
  const yours = mine ? new Map(describe(mine)) : new Map();
  const rows = describe(theirs).map(([label, text]) => {
    const own = mine ? yours.get(label) ?? "" : _("removed");
    return el("tr", { class: own === text ? "" : "differs" }, el("th", { scope: "row" }, label), el("td", {}, text), el("td", {}, own));
  });
  return ask(_("Somebody else changed this meanwhile"), [
    el("p", {}, _("Nothing was saved yet. Compare, then choose.")),
    el("div", { class: "table-wrap compare", tabindex: "0", role: "region", "aria-label": _("Their change and yours") }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", {}), el("th", { scope: "col" }, _("As it is now")), el("th", { scope: "col" }, _("Yours")))),
      el("tbody", {}, ...rows))),
  ], [[_("Back"), "back", "second"], [_("Keep theirs"), "theirs", "second"], [mine ? _("Save mine") : _("Remove it"), "mine", mine ? "" : "danger"]]);
}

const plain = (entry) => Object.entries(entry)
  .filter(([name]) => !["id", "version", "names", "used_by", "warnings"].includes(name))
  .map(([name, value]) => [name.replaceAll("_", " "), text(value, entry.names ?? {})]);

const text = (value, known) => (value === null ? _("none") : Array.isArray(value) ? value.map((one) => text(one, known)).join(", ")
  : typeof value === "object" ? JSON.stringify(value) : known[value] ?? String(value));

/** A dialog that is gone once it is answered. buttons: [label, answer, class]; Escape answers "back". */
export function ask(title, content, buttons) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "wide-dialog", "aria-labelledby": "ask-title" },
      el("h2", { id: "ask-title" }, title), ...content,
      el("div", { class: "actions" }, ...buttons.map(([label, answer, kind]) =>
        el("button", { type: "button", class: kind || false, onclick: () => dialog.close(answer) }, label))));
    dialog.returnValue = "back";
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector(".actions button:last-child").focus();
  });
}
