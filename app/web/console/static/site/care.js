// Backup and health: buttons that mend what was found, and the progress of long work.

import { CallError, call, sayNext } from "../api.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { saveSettings } from "./save_settings.js";
import { _, language } from "../words.js";

const EVERY_MS = 1000;
const MOST_MISSED = 60;
const page = document.querySelector("main");

// Long work: one box a kind, asked for while it runs.

const percent = (work) => (work.total ? ` ${Math.floor((100 * work.done) / work.total)} %` : "");

function show(box, work) {
  const words = box.querySelector(".work-words");
  const bar = box.querySelector("progress");
  box.hidden = false;
  if (work.state === "running") {
    bar.hidden = false;
    if (work.total) Object.assign(bar, { max: work.total, value: work.done });
    const now = `${bar.getAttribute("aria-label")}${percent(work)}`;
    if (words.textContent !== now) words.textContent = now;
    return;
  }
  bar.hidden = true;
  words.replaceChildren(el("span", { class: work.state === "done" ? "works" : "fails" }, work.words));
}

const pause = () => new Promise((after) => setTimeout(after, EVERY_MS));

async function watch(box) {
  for (let missed = 0; missed < MOST_MISSED; ) {
    try {
      const { work } = await call(`/v1/${box.dataset.work}`, { quiet: true, background: true });
      if (!work) location.reload(); // the service restarted, as it does after a move
      else show(box, work);
      if (work?.state !== "running") return work;
      missed = 0;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      missed += 1;
    }
    await pause();
  }
  return null;
}

/** Starts the work and shows it to its end. The page is loaded again where its lists changed. */
async function run(kind, path, json) {
  const box = page.querySelector(`[data-work="${kind}"]`);
  const begun = await call(path, { method: "POST", json }).catch(() => null);
  if (!begun) return;
  show(box, begun);
  box.scrollIntoView({ block: "nearest" });
  const work = await watch(box);
  if (kind === "backups" && work?.state === "done") {
    sayNext(_("The backup was made."));
    location.reload();
  }
}

for (const box of page.querySelectorAll("[data-running]")) watch(box);

page.querySelector("[data-verify]").addEventListener("click", () => run("audit/verification", "/v1/audit/verification"));

// A dialog that asks before something lasting is done.

const sure = document.getElementById("sure");
const leaveOut = document.getElementById("leave-out");
let agreed = () => {};

function ask(title, words, button, then, { withPeople = false } = {}) {
  document.getElementById("sure-title").textContent = title;
  document.getElementById("sure-words").textContent = words;
  document.getElementById("do-it").textContent = button;
  leaveOut.hidden = !withPeople;
  agreed = then;
  sure.showModal();
}

document.getElementById("do-it").addEventListener("click", () => {
  sure.close();
  agreed();
});

const move = (name) => () => run("packs", `/v1/packs/${encodeURIComponent(name)}/move`, { leave_out: leaveOut.querySelector("input").checked });

for (const button of page.querySelectorAll("[data-pack]")) {
  const { pack, served } = button.dataset;
  button.addEventListener("click", () => {
    const title = served === undefined ? _`Move to ${pack}?` : _`Make the templates again with ${pack}?`;
    const words = _("New templates are made from the stored photos while gates decide by the old ones. Then the service restarts by itself, with a gap of about 3 seconds.");
    ask(title, words, served === undefined ? _("Move") : _("Make them again"), move(pack), { withPeople: true });
  });
}

const MENDS = {
  confirm_clock: () => {
    const now = new Date().toLocaleString(language);
    ask(_("Is the clock right?"), _`This computer's clock says ${now}. If the service's clock is right too, people with dates of validity pass again within ten seconds.`, _("It is right"), async () => {
      const done = await call("/v1/clock/confirm", { method: "POST" }).catch(() => null);
      if (!done) return;
      sayNext(_("Confirmed."));
      location.reload();
    });
  },
  move_templates: () => page.querySelector("[data-served]")?.click() ?? page.querySelector("[data-pack]")?.click(),
  back_up: () => document.getElementById("back-up").showModal(),
};

for (const button of page.querySelectorAll("[data-mend]")) button.addEventListener("click", MENDS[button.dataset.mend]);

// Backups

const settings = document.getElementById("backup-form");
settings.addEventListener("submit", (event) => {
  event.preventDefault();
  const folder = settings.elements.backup_folder.value.trim();
  const json = { backup_folder: folder || null, backups_kept: Number(settings.elements.backups_kept.value) };
  saveSettings(settings, json, {
    field: "backup_folder",
    saved: folder ? _("Saved. The first backup follows within a minute.") : _("Saved. There are no nightly backups now."),
    theirs: (current) => _`Somebody else changed the settings meanwhile (folder: ${current.backup_folder ?? _("none")}, kept: ${current.backups_kept}).`,
  });
});

const form = document.getElementById("back-up-form");
const phrases = document.getElementById("passphrases");
form.addEventListener("change", () => {
  phrases.hidden = form.elements.with_key.value === "no";
  form.elements.passphrase.required = form.elements.again.required = !phrases.hidden;
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearProblems(form);
  const { passphrase, again } = form.elements;
  if (!phrases.hidden && passphrase.value !== again.value) {
    problemAt(form, "again", _("This is not the same passphrase."));
    return;
  }
  const json = phrases.hidden ? {} : { passphrase: passphrase.value };
  form.reset();
  phrases.hidden = true;
  document.getElementById("back-up").close();
  run("backups", "/v1/backups", json);
});
