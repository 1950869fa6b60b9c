// A week as seven rows of a day each, on which windows are drawn, moved and stretched with a mouse or a finger.
//
// Rows, not columns: a night runs off the right edge and goes on at the left of the next row, as text does, and a row
// fits a phone. The fields below the drawing do the same by keyboard, so to a screen reader the drawing is a picture.

import { el } from "../../parts.js";
import { DAY, DAYS, DAY_NAMES, clock, windowWords } from "./week_words.js";
import { _ } from "../../words.js";

const STEP = 15;
const WEEK = 7 * DAY;
const EDGE_PX = 12; // how near to an end of a block a drag stretches it

export class WeekDrawing {
  /** box: an empty element. changed(windows): after a drag. chosen(at): a window was clicked. */
  constructor(box, { changed, chosen }) {
    this.changed = changed;
    this.chosen = chosen;
    this.windows = [];
    this.rows = DAYS.map(() => el("div", { class: "week-row" }));
    const hours = el("div", { class: "week-hours" });
    for (const hour of [0, 6, 12, 18, 24]) {
      const mark = el("span", {}, String(hour).padStart(2, "0"));
      mark.style.left = `${(hour / 24) * 100}%`;
      hours.append(mark);
    }
    this.tip = el("p", { class: "week-tip", hidden: true });
    this.grid = el("div", { class: "week-grid", role: "img" }, hours, this.rows.map((row, day) => el("div", { class: "week-line" }, el("span", { class: "week-day" }, DAY_NAMES[day]), row)), this.tip);
    box.append(this.grid);
    this.grid.addEventListener("pointerdown", (event) => this.down(event));
    this.grid.addEventListener("pointermove", (event) => this.move(event));
    this.grid.addEventListener("pointerup", (event) => this.up(event));
    this.grid.addEventListener("pointercancel", () => this.cancel());
    addEventListener("keydown", (event) => event.key === "Escape" && this.drag && this.cancel());
  }

  /** Shows windows: [{days, start, length}]. */
  show(windows) {
    this.windows = windows;
    const pieces = windows.flatMap((window, at) => window.days.flatMap((day) => this.pieces(day, window.start, window.length, at)));
    for (const [day, row] of this.rows.entries()) row.replaceChildren(...pieces.filter((piece) => piece.day === day).map((piece) => piece.made));
    this.grid.setAttribute("aria-label", _`The week: ${windows.filter((one) => one.days.length).map(windowWords).join("; ") || _("no windows")}`);
  }

  /** Marks the window at this place; -1: none. */
  highlight(at) {
    for (const made of this.grid.querySelectorAll(".week-block")) made.classList.toggle("current", Number(made.dataset.at) === at);
  }

  /** The drawn pieces of one block: what is on its day, and what reaches into the next. */
  pieces(day, start, length, at, extra = "") {
    const over = start + length - DAY;
    const words = over > 0 ? `${clock(start)} →` : `${clock(start)}–${clock(start + length)}`;
    const first = el("div", { class: `week-block ${over > 0 ? "goes-on" : ""} ${extra}`, "data-at": at, "data-day": day, title: windowWords({ days: [day], start, length }) }, el("span", {}, words));
    place(first, start, Math.min(start + length, DAY));
    if (over <= 0) return [{ day, made: first }];
    const next = (day + 1) % 7;
    const rest = el("div", { class: `week-block goes-before ${extra}`, "data-at": at, "data-day": day, title: windowWords({ days: [day], start, length }) }, el("span", {}, `→ ${clock(start + length)}`));
    place(rest, 0, over);
    return [{ day, made: first }, { day: next, made: rest }];
  }

  /** The minute of the week under the pointer; round: how it is brought to a step. */
  minute(event, round = Math.round) {
    const tops = this.rows.map((row) => row.getBoundingClientRect());
    const found = tops.findIndex((row) => event.clientY < row.bottom);
    const day = found < 0 ? 6 : found;
    const share = Math.min(Math.max((event.clientX - tops[day].left) / tops[day].width, 0), 1);
    return day * DAY + round((share * DAY) / STEP) * STEP;
  }

  down(event) {
    if (event.button || this.drag || !event.target.closest(".week-row")) return;
    const block = event.target.closest(".week-block");
    const at = this.minute(event, Math.floor);
    if (block) {
      const window = this.windows[Number(block.dataset.at)];
      const day = Number(block.dataset.day);
      const box = block.getBoundingClientRect();
      const near = Math.min(EDGE_PX, box.width / 3);
      const atEnd = box.right - event.clientX <= near && !block.classList.contains("goes-on");
      const atStart = event.clientX - box.left <= near && !block.classList.contains("goes-before");
      const kind = atEnd ? "end" : atStart ? "start" : "move";
      this.drag = { kind, of: window, index: Number(block.dataset.at), from: day, begin: day * DAY + window.start, length: window.length, grab: at, exact: this.minute(event, exact), x: event.clientX, y: event.clientY };
    } else {
      this.drag = { kind: "draw", begin: at, length: STEP, grab: at, x: event.clientX, y: event.clientY };
    }
    this.grid.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  move(event) {
    const drag = this.drag;
    if (!drag) {
      this.grid.classList.toggle("at-edge", this.overEdge(event));
      return;
    }
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
    if (!drag.moved) return;
    const at = this.minute(event);
    if (drag.kind === "move") drag.now = { begin: wrap(drag.begin + snapped(this.minute(event, exact) - drag.exact)), length: drag.length };
    else if (drag.kind === "end") drag.now = { begin: drag.begin, length: between(after(drag.begin, at)) };
    else if (drag.kind === "start") {
      const end = drag.begin + drag.length;
      const length = between(after(at, end));
      drag.now = { begin: wrap(end - length), length };
    } else {
      // Drawn to the left or upwards, the window ends where it was begun.
      const forward = at > drag.grab || drag.grab - at > WEEK / 2;
      const length = between(forward ? after(drag.grab, at) : drag.grab + STEP - at);
      drag.now = { begin: forward ? drag.grab : wrap(drag.grab + STEP - length), length };
    }
    this.sketch(drag);
  }

  up() {
    const drag = this.drag;
    this.drag = null;
    this.erase();
    if (!drag) return;
    if (!drag.now) {
      if (drag.of) this.chosen(drag.index);
      return;
    }
    const windows = this.windows.map((one) => ({ ...one, days: [...one.days] }));
    if (drag.of) {
      const of = windows[drag.index];
      of.days = of.days.filter((day) => day !== drag.from);
    }
    const day = Math.floor(drag.now.begin / DAY);
    const { length } = drag.now;
    const start = drag.now.begin % DAY;
    const same = windows.find((one) => one.start === start && one.length === length && !one.days.includes(day));
    if (same) same.days = [...same.days, day].sort();
    else windows.push({ days: [day], start, length });
    this.changed(windows.filter((one) => one.days.length));
  }

  cancel() {
    this.drag = null;
    this.erase();
  }

  sketch({ now }) {
    this.erase();
    const day = Math.floor(now.begin / DAY);
    for (const piece of this.pieces(day, now.begin % DAY, now.length, -2, "sketch")) this.rows[piece.day].append(piece.made);
    this.tip.textContent = windowWords({ days: [day], start: now.begin % DAY, length: now.length });
    this.tip.hidden = false;
  }

  erase() {
    for (const made of this.grid.querySelectorAll(".sketch")) made.remove();
    this.tip.hidden = true;
  }

  overEdge(event) {
    const block = event.target.closest?.(".week-block");
    if (!block) return false;
    const box = block.getBoundingClientRect();
    const near = Math.min(EDGE_PX, box.width / 3);
    return (box.right - event.clientX <= near && !block.classList.contains("goes-on")) || (event.clientX - box.left <= near && !block.classList.contains("goes-before"));
  }
}

function place(made, from, until) {
  made.style.left = `${(from / DAY) * 100}%`;
  made.style.width = `${((until - from) / DAY) * 100}%`;
}

const exact = (steps) => steps;
const wrap = (minute) => ((minute % WEEK) + WEEK) % WEEK;
const snapped = (length) => Math.round(length / STEP) * STEP;
/** From one minute of the week to a later one; over Sunday's end it goes on in Monday. */
const after = (from, until) => {
  const length = until - from;
  return length < -WEEK / 2 ? length + WEEK : length > WEEK / 2 ? length - WEEK : length;
};
const between = (length) => Math.min(Math.max(length, STEP), DAY);

