// The watched zone, drawn on the picture: by mouse or finger, by keys, or as numbers. All are shares of the picture.

import { _ } from "../words.js";

const STEP = 0.01;
const LEAST = 0.05; // a zone narrower than this was a press, not a drawing
const SIDES = ["left", "top", "right", "bottom"];
const WORDS = { left: _("left"), top: _("top"), right: _("right"), bottom: _("bottom") };
export const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };
const within = (x) => Math.min(1, Math.max(0, x));
const rounded = (x) => Math.round(x * 1000) / 1000;

/**
 * stage: the element over the picture. box: the zone in it, with handles whose data-corner is such as "left top".
 * fields: inputs by side, in per cent. changed(zone): called after each change that a person makes.
 */
export function zoneEditor({ stage, box, fields, start, changed }) {
  let zone = { ...start };
  let drag = null;

  const isWhole = () => SIDES.every((side) => zone[side] === WHOLE[side]);

  function show() {
    box.style.left = `${zone.left * 100}%`;
    box.style.top = `${zone.top * 100}%`;
    box.style.width = `${(zone.right - zone.left) * 100}%`;
    box.style.height = `${(zone.bottom - zone.top) * 100}%`;
    for (const side of SIDES) if (document.activeElement !== fields[side]) fields[side].value = Math.round(zone[side] * 100);
    const words = isWhole() ? _("the whole picture") : SIDES.map((side) => `${WORDS[side]} ${Math.round(zone[side] * 100)} %`).join(", ");
    box.setAttribute("aria-label", _`Watched zone: ${words}`);
    stage.classList.toggle("whole", isWhole());
  }

  function set(next) {
    zone = Object.fromEntries(SIDES.map((side) => [side, rounded(within(next[side]))]));
    show();
    changed(zone);
  }

  function move(of, x, y) {
    const dx = Math.min(Math.max(x, -of.left), 1 - of.right);
    const dy = Math.min(Math.max(y, -of.top), 1 - of.bottom);
    set({ left: of.left + dx, right: of.right + dx, top: of.top + dy, bottom: of.bottom + dy });
  }

  function point(event) {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: within((event.clientX - left) / width), y: within((event.clientY - top) / height) };
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const corner = event.target.dataset.corner;
    const kind = corner ? "corner" : event.target === box && !isWhole() ? "move" : "draw";
    drag = { kind, corner: corner?.split(" "), from: point(event), before: { ...zone } };
    stage.setPointerCapture(event.pointerId);
    box.focus({ preventScroll: true });
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const { x, y } = point(event);
    const { kind, from, before } = drag;
    if (kind === "move") return move(before, x - from.x, y - from.y);
    if (kind === "draw") {
      const drawn = { left: Math.min(x, from.x), right: Math.max(x, from.x), top: Math.min(y, from.y), bottom: Math.max(y, from.y) };
      if (drawn.right - drawn.left >= LEAST && drawn.bottom - drawn.top >= LEAST) set(drawn);
      return undefined;
    }
    const next = { ...before };
    const [across, down] = drag.corner;
    next[across] = across === "left" ? Math.min(x, before.right - LEAST) : Math.max(x, before.left + LEAST);
    next[down] = down === "top" ? Math.min(y, before.bottom - LEAST) : Math.max(y, before.top + LEAST);
    return set(next);
  });
  stage.addEventListener("pointerup", () => { drag = null; });
  stage.addEventListener("pointercancel", () => {
    // The finger scrolls the page.
    if (drag) set(drag.before);
    drag = null;
  });

  box.addEventListener("keydown", (event) => {
    const [x, y] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    if (x === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (!event.shiftKey) move(zone, x, y);
    else set({ ...zone, right: Math.max(zone.right + x, zone.left + LEAST), bottom: Math.max(zone.bottom + y, zone.top + LEAST) });
  });

  for (const side of SIDES) {
    fields[side].addEventListener("change", () => {
      const next = { ...zone, [side]: within(Number(fields[side].value) / 100) };
      if (next.right - next.left >= LEAST && next.bottom - next.top >= LEAST) set(next);
      fields[side].value = Math.round(zone[side] * 100);
    });
  }

  show();
  return {
    get zone() { return zone; },
    set,
    /** Turns the zone with its picture, by quarter turns clockwise. */
    turn(quarters) {
      let next = zone;
      for (let i = 0; i < quarters; i += 1) next = { left: 1 - next.bottom, top: next.left, right: 1 - next.top, bottom: next.right };
      set(next);
    },
  };
}
