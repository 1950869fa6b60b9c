// A year as twelve months of buttons. One of them is in the tab order; arrow keys move from day to day.

import { el } from "../../parts.js";
import { _, language } from "../../words.js";

const MS = 86_400_000;
const FIRST = 1970;
const LAST = 2999;
const LOCALE = language === "en" ? "en-GB" : language;
const WEEK = [_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su")];
const MONTH = new Intl.DateTimeFormat(LOCALE, { month: "long", timeZone: "UTC" });
const LONG = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const SHORT_YEAR = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const YEARLY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long", timeZone: "UTC" });

const iso = (date) => date.toISOString().slice(0, 10);

/** What days are sorted by: month and day, then the year. */
export const keyOf = (key) => (key.length === 5 ? key : `${key.slice(5)} ${key}`);

/** "Fri 26 Mar"; with its year "26 Mar 2027"; of every year "25 December". */
export function dayWords(key, withYear = false) {
  if (key.length === 5) return YEARLY.format(new Date(`2000-${key}`));
  return (withYear ? SHORT_YEAR : SHORT).format(new Date(key));
}

export class YearView {
  /** box: an empty element. marks(date): what marks a date, if anything. toggle(date). moved(): another year is shown. */
  constructor(box, year, { marks, toggle, moved }) {
    this.box = box;
    this.year = year;
    this.marks = marks;
    this.toggle = toggle;
    this.moved = moved;
    box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-date]");
      if (!button) return;
      this.current(button.dataset.date);
      this.toggle(button.dataset.date);
    });
    box.addEventListener("keydown", (event) => this.key(event));
  }

  go(year) {
    this.year = Math.min(Math.max(year, FIRST), LAST);
    document.getElementById("year-name").textContent = this.year;
    this.buttons = new Map();
    this.box.replaceChildren(...Array.from({ length: 12 }, (_, month) => this.month(month)));
    const today = iso(new Date());
    this.current(this.buttons.has(today) ? today : `${this.year}-01-01`);
    this.moved();
  }

  month(month) {
    const first = new Date(Date.UTC(this.year, month, 1));
    const blank = (first.getUTCDay() + 6) % 7;
    const cells = Array.from({ length: blank }, () => el("td"));
    for (let at = first; at.getUTCMonth() === month; at = new Date(at.getTime() + MS)) {
      const button = el("button", { type: "button", class: "day", tabindex: -1, "data-date": iso(at) }, String(at.getUTCDate()));
      this.buttons.set(iso(at), button);
      cells.push(el("td", {}, button));
    }
    const rows = [];
    while (cells.length) rows.push(el("tr", {}, cells.splice(0, 7)));
    const name = MONTH.format(first);
    const head = el("tr", {}, WEEK.map((day) => el("th", { scope: "col" }, day)));
    return el("table", { class: "month" }, el("caption", {}, name), el("thead", {}, head), el("tbody", {}, rows));
  }

  /** Shows which days are marked. nameOf(date): what a marked day is called. */
  show(nameOf = this.nameOf) {
    this.nameOf = nameOf;
    for (const [date, button] of this.buttons) {
      const key = this.marks(date);
      const yearly = key?.length === 5;
      const name = key === undefined ? "" : nameOf(date);
      button.setAttribute("aria-pressed", String(key !== undefined));
      button.classList.toggle("yearly", yearly);
      button.setAttribute("aria-label", [LONG.format(new Date(date)), name, yearly && _("every year")].filter(Boolean).join(", "));
      button.title = name;
    }
  }

  /** Puts a day into the tab order, in place of the one that was. */
  current(date) {
    const before = this.buttons.get(this.at);
    if (before) before.tabIndex = -1;
    this.at = date;
    this.buttons.get(date).tabIndex = 0;
  }

  key(event) {
    const from = event.target.dataset.date;
    if (!from || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = new Date(from);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -((at.getUTCDay() + 6) % 7), End: 6 - ((at.getUTCDay() + 6) % 7) };
    let to;
    if (event.key in steps) to = new Date(at.getTime() + steps[event.key] * MS);
    else if (event.key === "PageUp" || event.key === "PageDown") to = monthOn(at, event.key === "PageUp" ? -1 : 1);
    else return;
    event.preventDefault();
    const year = to.getUTCFullYear();
    if (year < FIRST || year > LAST) return;
    if (year !== this.year) {
      this.go(year);
      this.show();
    }
    this.current(iso(to));
    this.buttons.get(iso(to)).focus();
  }
}

/** The same day of the next or the last month, or that month's last day. */
function monthOn(at, by) {
  const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + by + 1, 0));
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(at.getUTCDate(), last.getUTCDate())));
}
