// Where tiles stand: busy gates first, quiet ones as chips, and nothing changes places under a finger or the focus.

import { el } from "../parts.js";

const FEW = 4; // so many gates all have a tile
const QUIET_MS = 600_000;
const EVERY_MS = 30_000;
const TILE_SHAPE = 1.5;
const STILL_MS = 5_000; // since the last touch, which hovers nowhere

/** lanes: tiles by gate. recent(gate): when its last events were, newest first, in ms. now(): the service's clock.
 * troubled(gate): whether somebody must look at it, so it is never a chip. */
export class Arrangement {
  constructor(lanes, recent, now, troubled) {
    Object.assign(this, { lanes, recent, now, troubled, chosen: new Set(), touched: 0 });
    this.box = document.querySelector(".lanes");
    this.chips = document.getElementById("quiet");
    this.box.addEventListener("touchstart", () => { this.touched = Date.now(); }, { passive: true });
    this.chips.addEventListener("click", ({ target }) => target.dataset.chip && this.show(target.dataset.chip));
    setInterval(() => this.sort(), EVERY_MS);
  }

  busy(gate) {
    return this.recent(gate).filter((at) => this.now() - at < QUIET_MS).length;
  }

  still() {
    return this.box.matches(":hover, :focus-within") || this.chips.matches(":hover, :focus-within")
      || document.querySelector("dialog[open]") || Date.now() - this.touched < STILL_MS;
  }

  /** Busy gates first. Only while nobody points at a tile. */
  sort() {
    if (this.still()) return;
    const last = (gate) => this.recent(gate)[0] ?? 0;
    const order = [...this.lanes.keys()].sort((a, b) => this.busy(b) - this.busy(a) || last(b) - last(a) || a.localeCompare(b));
    order.forEach((gate, place) => {
      const lane = this.lanes.get(gate);
      if (this.box.children[place] !== lane) this.box.insertBefore(lane, this.box.children[place]);
      lane.hidden = this.lanes.size > FEW && !this.busy(gate) && !this.troubled(gate) && !this.chosen.has(gate);
    });
    this.drawChips();
  }

  /** Something happened at a gate: its tile comes back, behind those that are there. */
  wake(gate) {
    const lane = this.lanes.get(gate);
    if (!lane?.hidden) return;
    lane.hidden = false;
    this.box.append(lane);
    this.drawChips();
  }

  /** Somebody wants to see this gate, until the page closes. */
  show(gate) {
    this.chosen.add(gate);
    this.wake(gate);
    const lane = this.lanes.get(gate);
    lane.focus({ preventScroll: true });
    lane.scrollIntoView({ block: "nearest" });
  }

  drawChips() {
    const quiet = [...this.lanes.keys()].filter((gate) => this.lanes.get(gate).hidden).sort();
    this.chips.hidden = !quiet.length;
    this.chips.querySelector(".chips").replaceChildren(...quiet.map((gate) => el("button", { type: "button", class: "chip", "data-chip": gate }, gate)));
    const tiles = this.lanes.size - quiet.length;
    // Of the wall: tiles somewhat wider than high.
    document.body.style.setProperty("--cols", String(Math.max(1, Math.round(Math.sqrt((tiles * innerWidth) / innerHeight / TILE_SHAPE)))));
  }
}
