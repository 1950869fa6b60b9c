// A gate's hardware: the form of the chosen kind, as its driver declares it, saved and tested in one press.
//
// <div data-hardware="GATE ID" data-gate="NAME"> becomes the form. data-then: the word of the button that goes on after a
// test.

import { call, CallError, rooted } from "../api.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { compare } from "../access/change.js";
import { newKey } from "./new_key.js";
import { _ } from "../words.js";

const KINDS = { works: "good", limited: "warn", fails: "bad" };
const LABELS = { bytes: _("bytes on the line"), rts: "RTS", dtr: "DTR", wiegand26: "Wiegand 26", wiegand37: "Wiegand 37", raw: _("raw bits"), basic: "Basic", digest: "Digest", bearer: "Bearer" };

function mount(box, forms, has) {
  const { hardware: id, gate, then = _("Done") } = box.dataset;
  let { version } = has;
  const groups = [...new Set(forms.map((form) => form.group))];
  const kind = el("select", { id: "hw-form", name: "form", "aria-describedby": "hw-hint" },
    groups.map((group) => el("optgroup", { label: group }, forms.filter((form) => form.group === group).map((form) =>
      el("option", { value: form.id, selected: form.id === (has.form ?? "test") }, form.label)))));
  const hint = el("p", { class: "hint", id: "hw-hint" });
  const questions = el("div", { class: "stack" });
  const result = el("div", { role: "status", "aria-live": "polite", class: "stack" });
  const save = el("button", {}, _("Save"));
  const check = el("button", { type: "button", class: "second" }, _("Save and check the line"));
  const keys = el("div", { class: "stack", hidden: true });
  const form = el("form", { class: "stack", novalidate: true },
    el("div", { class: "field" }, el("label", { for: "hw-form" }, _("Kind of hardware")), kind, hint),
    questions, el("div", { class: "actions" }, save, check), result, keys);
  box.replaceChildren(...(has.whole ? [] : [el("p", { class: "notice warn" }, _("This gate's settings were made over the API and hold more than this form shows. Saving here replaces them."))]), form);
  const chosen = () => forms.find((one) => one.id === kind.value);

  function show() {
    const now = chosen();
    hint.textContent = now.hint;
    const make = (one) => question(one, now.id === has.form ? has : null);
    const rare = now.fields.filter((one) => one.rare);
    questions.replaceChildren(
      el("div", { class: "form-grid" }, now.fields.filter((one) => !one.rare).map(make)),
      ...(rare.length ? [el("details", {}, el("summary", {}, _("More settings")), el("div", { class: "form-grid" }, rare.map(make)))] : []));
    const driven = !["test", "plain"].includes(now.id);
    save.textContent = driven ? _("Save and open once") : _("Save");
    check.hidden = !driven;
    keys.hidden = now.id !== "plain";
    result.replaceChildren();
  }

  async function store(at) {
    clearProblems(form);
    const now = chosen();
    const missing = now.fields.find((one) => one.required && !filled(form, one, now.id === has.form ? has : null));
    if (missing) return problem(missing.name, _("Fill this in."));
    const hardware = { form: now.id, values: answers(form, now) };
    try {
      const saved = await call(`/v1/gates/${id}`, { method: "PATCH", json: { hardware }, version: at, quiet: true });
      version = saved.version;
      const behaviour = document.getElementById("behaviour"); // the gate's page has both forms, of one version
      if (behaviour) behaviour.dataset.version = version;
      has = { ...(await call(`/v1/gates/${id}/hardware`)) };
      return true;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.code === "entry_changed") {
        const { current } = error.body;
        const picked = await compare(current, { ...current, hardware: now.label }, described);
        if (picked === "theirs") location.reload();
        return picked === "mine" ? store(current.version) : false;
      }
      const words = error.message.replace(/^[\w.*-]+: /, "");
      return problem(error.body.field, words[0].toUpperCase() + words.slice(1));
    }
  }

  function problem(name, words) {
    const field = name && form.elements[name];
    field?.closest?.("details")?.setAttribute("open", "");
    if (!field || !problemAt(form, name, words)) tell("fails", words);
    return false;
  }

  function tell(state, words, cure = "", event = null) {
    const said = el("div", { class: `notice ${KINDS[state]}` }, el("p", {}, el("strong", { class: state }, words)),
      cure && el("p", {}, cure), event && el("p", {}, el("a", { href: rooted(`/activity/${event}`) }, _("Its event"))));
    result.replaceChildren(said, el("div", { class: "actions" }, el("button", { type: "button", class: state === "fails" ? "second" : "", onclick: () => location.reload() }, then)));
  }

  async function run(open) {
    for (const button of [save, check]) button.disabled = true;
    result.replaceChildren();
    try {
      if (!(await store(version))) return;
      result.replaceChildren(el("p", { class: "faint" }, open ? _("Opening …") : _("Asking the hardware …")));
      const said = await call(`/v1/gates/${id}/tests`, { method: "POST", json: { open }, quiet: true });
      tell(said.state, said.words, said.cure, said.event);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      tell("fails", error.message);
    } finally {
      for (const button of [save, check]) button.disabled = false;
    }
  }

  kind.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(!["test", "plain"].includes(kind.value));
  });
  check.addEventListener("click", () => run(false));
  keys.append(el("p", {}, _("The controller sends its key with each call.")), newKey(gate));
  show();
}

const FAIL_MODES = { secure: _("stays locked"), safe: _("stands open") };
const LIVENESS = { auto: _("Automatic (default)"), required: _("Refuse what looks like a picture"), monitor: _("Only note it in the log"), off: _("Do not look") };
const described = (gate) => [
  [_("Hardware"), gate.hardware ?? gate.driver], [_("In use"), gate.enabled ? _("yes") : _("no")],
  [_("Opens for"), `${gate.unlock_ms / 1000} s`], [_("Fail mode"), FAIL_MODES[gate.fail_mode]], [_("Liveness"), LIVENESS[gate.liveness]],
];

function question(one, has) {
  const id = `hw-${one.name}`;
  const stored = has?.secrets.includes(one.name);
  const hints = [one.hint, one.kind === "secret" && stored && _("Stored. Type to replace it; it is never shown.")].filter(Boolean).join(" ");
  const says = hints ? `${id}-hint` : false;
  const value = has?.values[one.name] ?? "";
  const shared = { id, name: one.name, "aria-describedby": says, "data-kind": one.kind };
  if (one.kind === "yes_no") {
    return el("label", { class: "choice" }, el("input", { ...shared, type: "checkbox", checked: value === true || (value === "" && one.default === true) }),
      el("span", {}, one.label, hints && el("span", { class: "hint", id: says }, hints)));
  }
  const input = one.choices.length
    ? el("select", shared, one.default === null && el("option", { value: "" }, _("none")),
      one.choices.map((choice) => el("option", { value: choice, selected: choice === String(value === "" ? one.default : value) }, LABELS[choice] ?? choice)))
    : el("input", { ...shared, value, maxlength: one.longest, autocomplete: one.kind === "secret" ? "new-password" : "off", spellcheck: "false",
      type: one.kind === "secret" ? "password" : ["whole", "number"].includes(one.kind) ? "number" : "text",
      min: one.least, max: one.most, step: one.kind === "number" ? "any" : false, placeholder: stored ? "••••••••" : one.default === null ? false : String(one.default) });
  return el("div", { class: "field" }, el("label", { for: id }, one.label, !one.required && !["choice", "whole", "number"].includes(one.kind) && el("span", { class: "faint" }, " ", _("(optional)"))), input,
    hints && el("p", { class: "hint", id: says }, hints),
    stored && !one.required && el("label", { class: "choice" }, el("input", { type: "checkbox", "data-forget": one.name }), _("Remove what is stored")));
}

const filled = (form, one, has) => form.elements[one.name].value.trim() !== "" || has?.secrets.includes(one.name);

function answers(form, now) {
  const values = {};
  for (const one of now.fields) {
    const field = form.elements[one.name];
    if (one.kind === "yes_no") {
      if (field.checked) values[one.name] = true;
    } else if (form.querySelector(`[data-forget="${CSS.escape(one.name)}"]`)?.checked) values[one.name] = null;
    else {
      const text = one.kind === "secret" ? field.value : field.value.trim();
      // A default is left out: with it alone, a part that nobody wants, such as a badge reader, would count as wanted.
      if (text !== "" && text !== String(one.default)) values[one.name] = ["whole", "number"].includes(one.kind) ? Number(text) : text;
    }
  }
  return values;
}

for (const box of document.querySelectorAll("[data-hardware]")) {
  const [{ items }, has] = await Promise.all([call("/v1/gate-hardware"), call(`/v1/gates/${box.dataset.hardware}/hardware`)]);
  mount(box, items, has);
}
