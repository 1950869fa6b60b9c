// Draws a gate's tile: the last decision large, for eyes three metres away, and a row for each earlier one.

import { rooted } from "../api.js";
import { bar, el, sign, when } from "../parts.js";
import { _, counted, decimals } from "../words.js";

const SIGNS = { open: "M5 13l5 5L20 6", deny: "M6 6l12 12 M18 6L6 18", order: "M12 5v9 M12 18v1" };

// Orders of people and reports of sensors are no decisions about somebody at the gate.
export const decides = (event) => event.method !== "command" && event.method !== "sensor";
export const kind = (event) => (event.decision === "open" ? "open" : decides(event) ? "deny" : "order");

export function face(source, words) {
  const image = el("img", { src: source, alt: words, width: 96, height: 96 });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "no-face", role: "img", "aria-label": _`${words}: no picture` }, "?")));
  return image;
}

const captioned = (image, words) => el("figure", {}, image, el("figcaption", {}, words));

function who(event) {
  return event.employee?.name ?? (event.comment ? event.comment : "");
}

const times = (event) => event.times > 1 && el("span", { class: "times", "aria-label": counted(event.times, "{0} time", "{0} times") }, `${event.times} ×`);

/** The last decision. words: of words.py. actions: whether its reader may let in, look up and report. */
export function large(event, words, actions) {
  const is = kind(event);
  const like = Number.isFinite(event.similarity);
  const word = { open: _("OPEN"), deny: _("DENIED"), order: words.orders[event.reason] ?? _("ORDER") }[is];
  const next = is === "deny" && words.next[event.reason];
  return el("article", { class: `now ${is}`, "data-event": event.decision_id, "data-since": event.since },
    el("p", { class: "verdict" }, sign(SIGNS[is]), el("strong", {}, word), times(event)),
    el("div", { class: "faces" },
      event.snapshot && captioned(face(rooted(`/v1/events/${event.decision_id}/snapshot`), _("At the gate")), _("At the gate")),
      event.employee && captioned(face(rooted(`/portraits/${event.employee.id}`), _`Enrolled photo of ${event.employee.name}`), _("Enrolled"))),
    el("div", { class: "now-words" },
      el("p", { class: "now-who" }, who(event)),
      el("p", { class: "now-reason" }, el("a", { href: rooted(`/activity/${event.decision_id}`) }, words.reasons[event.reason] ?? event.reason)),
      event.credential?.bits && el("p", {}, event.credential.kind === "qr" ? _`QR pass ending ${event.credential.last_four}` : _`Badge ending ${event.credential.last_four}`),
      event.employee && event.comment && el("p", {}, event.comment),
      event.missing && el("p", { class: "now-missing" }, event.missing),
      next && el("p", { class: "now-next" }, next),
      like && el("div", { class: "like" }, bar(event.similarity, event.threshold ?? null, _("Similarity")),
        el("span", { class: "faint" }, `${decimals(event.similarity, 2)}${!Number.isFinite(event.threshold) ? "" : `, ${_("threshold")} ${decimals(event.threshold, 2)}`}`)),
      el("p", { class: "faint" }, event.times > 1 && [`${_("since")} `, when(event.since, event.gate), `, ${_("last")} `], when(event.at, event.gate), event.camera ? ` · ${event.camera}` : "",
        event.gate_result ? ` · ${words.outcomes[event.gate_result.outcome]}` : "")),
    actions && is === "deny" && el("div", { class: "now-actions" },
      el("button", { type: "button", "data-act": "letIn" }, _("Let in|do")),
      el("button", { type: "button", class: "second", "data-act": "whoIsThis" }, _("Who is this?")),
      el("button", { type: "button", class: "second", "data-act": "report" }, _("Report"))));
}

export function small(event, words) {
  return el("li", { class: kind(event) },
    el("a", { href: rooted(`/activity/${event.decision_id}`) }, times(event), words.reasons[event.reason] ?? event.reason),
    el("span", { class: "lane-who" }, who(event)), when(event.at, event.gate));
}
