// What a guard does about a refusal: lets the person in, finds out who it is, reports a mistake.

import { call, rooted, say } from "../api.js";
import { badge, clearProblems, el, problemAt } from "../parts.js";
import { face } from "./tile.js";
import { _, decimals } from "../words.js";

const letIn = document.getElementById("let-in");
const search = document.getElementById("who-is-this");
const report = document.getElementById("report");
const TYPING_MS = 200;
let about = null; // the refusal; null: a search of its own
let person = null; // who is let in, if the guard said so
let gate = "";
let picked = null; // what a press on a person found does

const title = (dialog, text) => { dialog.querySelector("h2").textContent = text; };

/** Asks for a ready reason, which lets in at once, or another one. who: a person found, else whom the refusal names. */
export function askToLetIn(event, who = event.employee) {
  [about, person] = [event, who];
  title(letIn, who ? _`Let ${who.name} in at ${event.gate}` : _`Let them in at ${event.gate}`);
  letIn.querySelector("form").reset();
  clearProblems(letIn.querySelector("form"));
  letIn.showModal();
}

async function openFor(comment) {
  const json = { comment, event: about.decision_id, ...(person && { employee: person.id }) };
  const buttons = [...letIn.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true; // one press, one opening
  try {
    await call(`/v1/gates/${encodeURIComponent(about.gate)}/open`, { method: "POST", json, quiet: true });
    letIn.close();
    say(person ? _`${about.gate}: the order to open was recorded for ${person.name}.` : _`${about.gate}: the order to open was recorded.`, "good");
  } catch (error) {
    if (!("status" in error)) throw error;
    problemAt(letIn.querySelector("form"), "let-in-comment", error.message);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

letIn?.addEventListener("click", ({ target }) => target.dataset.reason && openFor(target.dataset.reason));
letIn?.querySelector("form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  clearProblems(submit.target);
  const comment = document.getElementById("let-in-comment").value.trim();
  if (comment) openFor(comment);
  else problemAt(submit.target, "let-in-comment", _("Choose a reason above, or write your own."));
});

// Who is this?

/** Shows people by name, and the nearest of a refusal's picture. pick(person): what a press on one does, if anything. */
export function lookUp(event, at, verb, pick) {
  [about, gate] = [event, at];
  picked = pick && { verb, pick };
  title(search, event ? _("Who is this?") : _("Find a person"));
  document.getElementById("who-name").value = "";
  document.getElementById("who-found").replaceChildren();
  search.querySelector(".who-nearest").hidden = !event?.snapshot;
  search.showModal();
  if (event?.snapshot) nearest(event);
}

async function nearest(event) {
  const list = document.getElementById("who-nearest");
  list.replaceChildren(el("li", { class: "hint" }, _("Comparing …")));
  let found;
  try {
    found = (await call(`/live/${event.decision_id}/nearest`, { quiet: true })).people.map(entry);
  } catch (error) {
    found = [el("li", { class: "hint" }, error.message)];
  }
  if (about === event) list.replaceChildren(...(found.length ? found : [el("li", { class: "hint" }, _("Nobody is enrolled."))]));
}

function entry(one) {
  const state = one.status === "active" ? (one.may_pass ? badge(_("May pass"), "good") : badge(_("May not pass"), "bad")) : badge(_("Suspended"), "bad");
  const close = one.similarity !== undefined && el("span", { class: "faint" }, ` ${_`Similarity ${decimals(one.similarity, 2)}, a gate needs ${decimals(one.threshold, 2)}.`}`);
  return el("li", { class: "found" },
    one.photo ? face(rooted(`/portraits/${one.id}`), _`Enrolled photo of ${one.name}`) : el("span", { class: "no-face", role: "img", "aria-label": _`${one.name} has no photo` }, "?"),
    el("div", {}, el("p", {}, el("strong", {}, one.name), " ", state), el("p", { class: "hint" }, one.why, close)),
    picked && el("button", { type: "button", class: "second", "aria-label": `${picked.verb}: ${one.name}`, onclick: () => { search.close(); picked.pick(one); } }, picked.verb));
}

let typed = 0;
document.getElementById("who-name")?.addEventListener("input", ({ target }) => {
  clearTimeout(typed);
  typed = setTimeout(() => find(target.value.trim()), TYPING_MS);
});
search?.querySelector("form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  find(document.getElementById("who-name").value.trim());
});

let asked = 0;
async function find(text) {
  const list = document.getElementById("who-found");
  const mine = ++asked;
  if (text.length < 2) return list.replaceChildren();
  const answer = await call(`/live/people?gate=${encodeURIComponent(gate)}&q=${encodeURIComponent(text)}`, { quiet: true }).catch((error) => error);
  if (mine !== asked) return;
  if (answer instanceof Error) list.replaceChildren(el("li", { class: "hint" }, answer.message));
  else list.replaceChildren(...(answer.people.length ? answer.people.map(entry) : [el("li", { class: "hint" }, _`Nobody is called “${text}”.`)]));
}

// Report

/** Asks what is wrong with a decision, and whether it was somebody else. */
export function askToReport(event) {
  about = event;
  title(report, _`Report a mistake at ${event.gate}`);
  const form = report.querySelector("form");
  form.reset();
  clearProblems(form);
  form.querySelector('[data-report="not_this_person"]').hidden = !event.employee;
  form.querySelector(".report-name").textContent = event.employee?.name ?? "";
  report.showModal();
}

report?.querySelector("form").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const [event, form] = [about, submit.target];
  clearProblems(form);
  const comment = form.elements["report-comment"].value.trim();
  if (!comment) return problemAt(form, "report-comment", _("Say in a few words what is wrong."));
  const button = form.querySelector("button:not([type])");
  button.disabled = true; // one press, one report
  try {
    await call(`/v1/events/${event.decision_id}/report`, { method: "POST", json: { comment }, quiet: true });
    say(_("Reported: guards and admins see the alert."), "good");
  } catch (error) {
    if (!("status" in error)) throw error;
    // Reported before: a correction is a matter of its own.
    if (error.code !== "already_reported" || !form.elements["report-who"].value) return problemAt(form, "report-comment", error.message);
  } finally {
    button.disabled = false;
  }
  const who = form.elements["report-who"].value;
  report.close();
  if (who === "not_this_person") record(event, { kind: who });
  if (who === "was") lookUp(event, event.gate, _("It was them"), (one) => askToCorrect(event, one));
});

// Correct

const correct = document.getElementById("correct");
let correction = null;

function askToCorrect(event, one) {
  correction = [event, { kind: "was", employee: one.id }];
  title(correct, _`Was it ${one.name}?`);
  correct.showModal();
}

correct?.querySelector("form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  correct.close();
  record(...correction);
});

async function record(event, json) {
  try {
    await call(`/v1/events/${event.decision_id}/corrections`, { method: "POST", json });
    say(_("The correction is recorded beside the event, for an admin to decide."), "good");
  } catch (error) {
    if (!("status" in error)) throw error;
  }
}
