// What the picture says about whoever stands before the camera: how wide their face is, whether it is lit and sharp.

import { badge, el } from "../parts.js";
import { _ } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const LIGHT = { too_dark: _("Too dark: add light from the front"), too_bright: _("Too bright: shade the camera, or turn it away from the light") };
const TEXT_PX = 14; // on the screen, however small the picture is shown
const px = (width) => `${Math.round(width)} px`;

/** The faces of a line, each with `inside`: whether its centre is in the zone. Widest first. */
export function placed(faces, zone) {
  return faces.map((face) => {
    const [x, y] = [face.x + face.width / 2, face.y + face.height / 2];
    return { ...face, inside: x >= zone.left && x <= zone.right && y >= zone.top && y <= zone.bottom };
  });
}

function part(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** Draws a ruler under each face. overlay: an SVG over the picture. */
export function draw(overlay, { width_px: width, height_px: height }, faces, least) {
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const size = (TEXT_PX * width) / (overlay.clientWidth || width);
  const parts = faces.flatMap((face) => {
    const [x, y, w, h] = [face.x * width, face.y * height, face.width * width, face.height * height];
    const kind = !face.inside ? "outside" : face.width_px >= least ? "wide" : "narrow";
    const words = { outside: _("outside the zone"), wide: px(face.width_px), narrow: _`${px(face.width_px)}: too far` }[kind];
    const [line, end] = [Math.min(y + h + size / 2, height - size * 1.6), size / 3];
    return [
      part("rect", { class: `face ${kind}`, x, y, width: w, height: h, rx: size / 4 }),
      part("path", { class: `ruler ${kind}`, d: `M${x} ${line - end}v${2 * end}M${x} ${line}h${w}M${x + w} ${line - end}v${2 * end}` }),
      part("text", { class: `width ${kind}`, x: Math.min(Math.max(x + w / 2, size * 3), width - size * 3), y: line + size * 1.3, "font-size": size, "text-anchor": "middle" }, words),
    ];
  });
  overlay.replaceChildren(...parts);
}

/** "about 4 of 100": the share at this width, between the measured ones. expected: [width, share] pairs, narrowest first. */
export function missed(expected, width) {
  const above = expected.findIndex(([px]) => px > width);
  const [low, high] = above < 0 ? [expected.at(-1), expected.at(-1)] : [expected[Math.max(above - 1, 0)], expected[above]];
  const part = high[0] === low[0] ? 0 : (width - low[0]) / (high[0] - low[0]);
  const share = low[1] + (high[1] - low[1]) * Math.min(Math.max(part, 0), 1);
  return share < 0.015 ? _("about 1 of 100") : _`about ${Math.round(share * 100)} of 100`;
}

/**
 * [key, nodes]: what to say of the widest face in the zone. The key changes when there is something new to hear.
 * expected: as of `missed`.
 */
export function verdict(faces, least, expected) {
  const face = faces.find((one) => one.inside);
  if (!face) {
    const words = faces.length ? _("The face is outside the zone.") : _("No face in the picture. Stand where people will stand.");
    return [words, [el("p", { class: "ruler-words" }, words)]];
  }
  const wide = face.width_px >= least;
  const light = Object.keys(LIGHT).find((problem) => face.problems.includes(problem));
  const blurred = face.problems.includes("blurred");
  const cut = face.problems.includes("cut_off");
  const turned = face.problems.includes("turned_away");
  const badges = [
    wide ? badge(_("✓ Near enough"), "good") : badge(_("✗ Too far: come closer, or move or zoom the camera"), "bad"),
    light ? badge(`✗ ${LIGHT[light]}`, "bad") : badge(_("✓ Light is good"), "good"),
    blurred ? badge(_("✗ Blurred: focus or clean the lens, or add light"), "bad") : badge(_("✓ Sharp enough"), "good"),
    cut && badge(_("✗ Cut off at the edge of the picture"), "bad"),
    turned && badge(_("! Turned away: look at the camera"), "warn"),
  ];
  const key = `${wide ? _("Near enough.") : _("Too far.")} ${light ? LIGHT[light] : _("Light is good")}. ${blurred ? _("Blurred") : _("Sharp enough")}.`;
  return [key, [
    el("p", { class: "ruler-words" }, el("strong", { class: "number" }, _`Your face is ${px(face.width_px)} wide`), _`; recognised from ${px(least)}.`),
    el("p", { class: "badges" }, ...badges),
    wide && el("p", { class: "hint" }, _`Measured at this width: ${missed(expected, face.width_px)} employees were not recognised by one picture. Several pictures of somebody who walks up do better; noise and movement do worse.`),
  ].filter(Boolean)];
}
