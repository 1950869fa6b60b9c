// What a gate's tile lists: its last events, where a group that stands there is one row with a counter.

const WITHIN_MS = 60_000; // of the event before it
const MOST_FOLDED = 500; // ids remembered, because the stream repeats up to 200 after a break
const after = (a, b) => a.at > b.at || (a.at === b.at && a.decision_id > b.decision_id);
// As static/events/tile.js: orders of people and reports of sensors refuse nobody.
const refused = (event) => event.decision === "deny" && event.method !== "command" && event.method !== "sensor";

/** Whether the event is one more of the same refusal: the same reason and person, soon after it. */
const same = (event, before) => refused(event) && refused(before) && event.reason === before.reason
  && event.employee?.id === before.employee?.id && event.credential?.last_four === before.credential?.last_four
  && Date.parse(event.at) - Date.parse(before.at) <= WITHIN_MS;

/** The rows of one gate, newest first. An event in them has `times` and `since` if it stands for several. */
export class Rows {
  constructor(most) {
    this.most = most;
    this.shown = [];
    this.folded = [];
  }

  find(id) {
    return this.shown.find((event) => event.decision_id === id);
  }

  has(id) {
    return this.folded.includes(id) || Boolean(this.find(id));
  }

  /** Adds an event, or brings a known one up to date. */
  add(event) {
    const { decision_id: id } = event;
    const known = this.find(id);
    if (known) Object.assign(known, event);
    if (known || this.folded.includes(id)) return;
    const place = this.shown.findIndex((other) => after(event, other));
    const at = place < 0 ? this.shown.length : place;
    const before = this.shown[at];
    const made = { ...event, times: 1, since: event.at };
    if (at === 0 && before && same(event, before)) {
      Object.assign(made, { times: before.times + 1, since: before.since });
      this.folded.push(before.decision_id);
      this.folded.splice(0, this.folded.length - MOST_FOLDED);
      this.shown.shift();
    }
    this.shown.splice(at, 0, made);
    this.shown.length = Math.min(this.shown.length, this.most);
  }
}
