// Changes many people at once: those selected in the list, or all that match. Each is changed by itself and reported.

import { call, rooted } from "../api.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { ask } from "../access/change.js";
import { saveLinks } from "./invitations/links.js";
import { question } from "./employees.js";
import { _, counted, number } from "../words.js";

const AT_ONCE = 20; // people a request, so that progress shows and a stop holds soon
const NAMES = 200;
const list = document.getElementById("people");
const bar = document.getElementById("bulk");
const all = document.getElementById("bulk-all");
const dialog = document.getElementById("bulk-dialog");
const form = document.getElementById("bulk-form");
const run = document.getElementById("bulk-run");
const go = document.getElementById("bulk-go");
const chosen = new Map(); // id: {version, name, number}

const people = (count) => counted(count, "{0} person", "{0} people");
const KINDS = {
  suspend: [_("Suspend"), _("No gate opens for them until somebody reactivates them.")],
  reactivate: [_("Reactivate"), _("The rules decide for them again.")],
  block: [_("Block"), _("No gate lets them in from the next decision on, whatever the rules say. Their temporary grants end.")],
  end_on: [_("End"), _("They may pass until the end of that day. An end that they have is replaced.")],
  add_to_group: [_("Add to a group:"), _("The rules of the group hold for them from the next decision on.")],
  remove_from_group: [_("Remove from a group:"), _("The rules of the group hold for them no longer.")],
  erase: [_("Erase"), _("Photos, templates, names and keys are destroyed, here and in every backup. This cannot be undone.")],
};
let kind;

// Selecting

const rowBoxes = () => [...list.querySelectorAll("td.pick input")];

function pick(box) {
  const { version, name, number } = box.dataset;
  if (box.checked) chosen.set(box.value, { version, name, number });
  else chosen.delete(box.value);
}

function show() {
  const boxes = rowBoxes();
  for (const box of boxes) box.checked = chosen.has(box.value);
  const page = list.querySelector("[data-pick-page]");
  const on = boxes.filter((box) => box.checked).length;
  if (page) {
    page.checked = on > 0 && on === boxes.length;
    page.indeterminate = on > 0 && on < boxes.length;
  }
  bar.hidden = chosen.size === 0;
  document.getElementById("bulk-count").textContent = _`${people(chosen.size)} selected`;
  const matching = Number(list.querySelector("[data-matching]")?.dataset.matching ?? 0);
  all.hidden = !(page?.checked && matching > chosen.size);
  all.textContent = _`Select all ${number(matching)} that match`;
}

let last; // for a range by Shift
list.addEventListener("click", ({ target, shiftKey }) => {
  if (!target.matches("td.pick input")) return;
  const boxes = rowBoxes();
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(target)].sort((a, b) => a - b);
  if (shiftKey && from >= 0) {
    for (const box of boxes.slice(from, to + 1)) {
      box.checked = target.checked;
      pick(box);
    }
  }
  last = target;
});
list.addEventListener("change", ({ target }) => {
  if (target.matches("[data-pick-page]")) {
    for (const box of rowBoxes()) {
      box.checked = target.checked;
      pick(box);
    }
  } else pick(target);
  show();
});
list.addEventListener("rows", show);
list.classList.add("picking");
document.getElementById("bulk-none").addEventListener("click", () => {
  chosen.clear();
  show();
});
all.addEventListener("click", async () => {
  all.disabled = true;
  try {
    const found = await call(`/employees/matching?${question()}`);
    for (const [id, version, name, number] of found.people) chosen.set(id, { version, name, number });
  } finally {
    all.disabled = false;
  }
  show();
});

// Inviting

const invite = document.getElementById("bulk-invite");
invite.addEventListener("click", async () => {
  const words = _("Each may then take photos with their own phone, or choose a card. The links come as a CSV file, and are shown this once. Earlier links of these people end.");
  const answer = await ask(counted(chosen.size, "Make a link for {0} person?", "Make links for {0} people?"), [el("p", {}, words)], [[_("Cancel"), "back", "quiet"], [_("Make and save"), "go", ""]]);
  if (answer !== "go") return;
  invite.disabled = true;
  try {
    await saveLinks([...chosen.keys()]);
  } finally {
    invite.disabled = false;
  }
});

// Confirming

const phrase = () => _`erase ${chosen.size}`;

for (const button of bar.querySelectorAll("[data-bulk]")) {
  button.addEventListener("click", () => {
    kind = button.dataset.bulk;
    const [verb, words] = KINDS[kind];
    form.reset();
    clearProblems(form);
    form.hidden = false;
    run.hidden = true;
    document.getElementById("bulk-title").textContent = `${verb} ${people(chosen.size)}?`;
    document.getElementById("bulk-words").textContent = words;
    const names = [...chosen.values()].map((one) => `${one.name} (${one.number})`);
    const rest = names.length - NAMES;
    document.getElementById("bulk-names").textContent = names.slice(0, NAMES).join(", ") + (rest > 0 ? _`, and ${number(rest)} more` : "");
    for (const box of form.querySelectorAll("[data-for]")) box.hidden = !box.dataset.for.split(" ").includes(kind);
    form.querySelector('label[for="confirm"]').textContent = _`Type “${phrase()}” to confirm`;
    go.className = kind === "erase" || kind === "block" ? "danger" : "";
    go.textContent = kind === "erase" ? _("Erase permanently") : button.textContent;
    dialog.showModal();
    form.querySelector("[data-for]:not([hidden]) :is(input, select)")?.focus();
  });
}

/** What the change is, or null after showing beside its field what is missing. */
function change() {
  const { reason, valid_until: until, group, confirm } = form.elements;
  const missing = {
    block: !reason.value.trim() && ["reason", _("Say why.")],
    end_on: !until.value && ["valid_until", _("Choose a day.")],
    add_to_group: !group.value && ["group", _("Choose a group.")],
    remove_from_group: !group.value && ["group", _("Choose a group.")],
    erase: confirm.value.trim() !== phrase() && ["confirm", _`Type “${phrase()}”.`],
  }[kind];
  if (missing) {
    problemAt(form, ...missing);
    return null;
  }
  const fields = { block: { reason: reason.value.trim() }, end_on: { valid_until: until.value } };
  if (kind.endsWith("_group")) return { kind, group: group.value };
  return { kind, ...fields[kind] };
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearProblems(form);
  const what = change();
  if (what) carryOut(what);
});

// Carrying out

let stopped = false;
document.getElementById("bulk-stop").addEventListener("click", () => { stopped = true; });
dialog.addEventListener("cancel", (event) => {
  if (!run.hidden && document.getElementById("bulk-close").hidden) event.preventDefault();
});

async function carryOut(what) {
  const stop = document.getElementById("bulk-stop");
  const close = document.getElementById("bulk-close");
  const state = document.getElementById("bulk-state");
  const problems = document.getElementById("bulk-problems");
  const progress = document.getElementById("bulk-progress");
  const left = [...chosen];
  const total = left.length;
  const receipts = [];
  let done = 0;
  let failed = 0;
  stopped = false;
  form.hidden = true;
  run.hidden = false;
  stop.hidden = false;
  close.hidden = true;
  for (const id of ["bulk-receipts", "bulk-certificates"]) document.getElementById(id).hidden = true;
  problems.replaceChildren();
  stop.focus();
  const note = (name, why) => {
    failed += 1;
    problems.append(el("li", {}, el("strong", {}, name), ` ${why}`));
  };
  while (left.length && !stopped) {
    state.textContent = _`${number(done + failed)} of ${number(total)} …`;
    const now = left.splice(0, AT_ONCE);
    try {
      const employees = now.map(([id, { version }]) => ({ id, version }));
      const answer = await call("/v1/employees/changes", { method: "POST", json: { ...what, employees }, quiet: true });
      for (const [i, result] of answer.results.entries()) {
        const [id, one] = now[i];
        if (result.done) {
          done += 1;
          chosen.delete(id);
          if (result.receipt) receipts.push(result.receipt);
        } else note(`${one.name} (${one.number})`, result.detail);
      }
    } catch (error) {
      // One request's people are not known to be changed; the next would most likely fail too.
      for (const [, one] of now) note(`${one.name} (${one.number})`, error.message);
      stopped = true;
    }
    progress.value = (done + failed) / total;
  }
  const parts = [_`${number(done)} done`];
  if (failed) parts.push(_`${number(failed)} not`);
  if (left.length) parts.push(_`${number(left.length)} not tried`);
  state.textContent = `${parts.join(", ")}.`;
  stop.hidden = true;
  close.hidden = false;
  close.focus();
  if (receipts.length) {
    const link = document.getElementById("bulk-receipts");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(receipts, null, 2)], { type: "application/json" }));
    link.hidden = false;
    document.getElementById("bulk-certificates").hidden = false;
  }
}

document.getElementById("bulk-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  if (run.hidden) return;
  // The rows show what they are now; who could not be changed is chosen anew, by what is stored now.
  location.assign(rooted(`/employees?${question()}`));
});
