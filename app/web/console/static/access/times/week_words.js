// Times of a week as people read them. Days count from Monday, 0; minutes from midnight.

import { _ } from "../../words.js";

export const DAY = 24 * 60;
export const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]; // as the service calls them
export const DAY_NAMES = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")];

/** 450 -> "07:30". whole: a length, so that 24 hours are "24:00". */
export function clock(minute, whole = false) {
  const shown = whole ? minute : minute % DAY;
  return `${String(Math.floor(shown / 60)).padStart(2, "0")}:${String(shown % 60).padStart(2, "0")}`;
}

/** "07:30" -> 450. */
export function minutes(text) {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

/** What a window's end needs said beside it. */
export function endWords({ start, length }) {
  if (length === DAY) return _("24 hours");
  return start + length > DAY ? _("the next day") : "";
}

/** [0, 1, 2, 4] -> "Mon to Wed, Fri". */
export function dayWords(days) {
  const parts = [];
  for (let day = 0; day < 7; day++) {
    if (!days.includes(day)) continue;
    let last = day;
    while (days.includes(last + 1)) last++;
    if (last - day >= 2) parts.push(_`${DAY_NAMES[day]} to ${DAY_NAMES[last]}`);
    else for (let one = day; one <= last; one++) parts.push(DAY_NAMES[one]);
    day = last;
  }
  return parts.join(", ");
}

/** "Mon to Fri, 22:00 to 06:00 the next day". */
export function windowWords(window) {
  if (!window.days.length) return _("Choose at least one day.");
  const [days, start, end] = [dayWords(window.days), clock(window.start), clock(window.start + window.length)];
  if (window.length === DAY) return _`${days}, ${start} for 24 hours`;
  return window.start + window.length > DAY ? _`${days}, ${start} to ${end} the next day` : _`${days}, ${start} to ${end}`;
}
