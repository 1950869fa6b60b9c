// Times of a week as people read them. Days count from Monday, 0; minutes from midnight.

export const DAY = 24 * 60;
export const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

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
  if (length === DAY) return "24 hours";
  return start + length > DAY ? "the next day" : "";
}

/** [0, 1, 2, 4] -> "Mon to Wed, Fri". */
export function dayWords(days) {
  const parts = [];
  for (let day = 0; day < 7; day++) {
    if (!days.includes(day)) continue;
    let last = day;
    while (days.includes(last + 1)) last++;
    if (last - day >= 2) parts.push(`${DAYS[day]} to ${DAYS[last]}`);
    else for (let one = day; one <= last; one++) parts.push(DAYS[one]);
    day = last;
  }
  return parts.join(", ");
}

/** "Mon to Fri, 22:00 to 06:00 the next day". */
export function windowWords(window) {
  if (!window.days.length) return "Choose at least one day.";
  const end = endWords(window);
  const until = end === "24 hours" ? "for 24 hours" : `to ${clock(window.start + window.length)}${end && ` ${end}`}`;
  return `${dayWords(window.days)}, ${clock(window.start)} ${until}`;
}
