// One camera: its address is tried, its zone drawn and its ruler read before anything is saved.

import { call, CallError, rooted, say, sayNext } from "../api.js";
import { ask, compare } from "../access/change.js";
import { clearProblems, el, problemAt } from "../parts.js";
import { LiveView } from "./live_view.js";
import { draw, placed, verdict } from "./ruler.js";
import { WHOLE, zoneEditor } from "./zone.js";
import { _, decimals } from "../words.js";

const FIELDS = { bad_camera_address: "url", camera_exists: "name", bad_gate_name: "name", unknown_gate: "gate", bad_region: "left", camera_record_damaged: "url" };
const page = document.getElementById("camera");
const form = document.getElementById("camera-form"); // guards have none
const stored = JSON.parse(page.dataset.camera);
const expected = JSON.parse(page.dataset.expected);
const id = stored.id;
const at = (name) => document.getElementById(name);
const field = (name) => form?.elements[name];
const least = () => Number(field("min_face_px")?.value || stored.region.min_face_px);
const rotation = () => Number(field("rotation")?.value ?? stored.rotation);

let newest = null;
let heard = "";

function tell(words, kind = "") {
  at("wait").textContent = words;
  at("wait").className = `camera-wait ${kind}`;
  at("wait").hidden = !words;
}

function measure() {
  if (!newest?.faces) return;
  const faces = placed(newest.faces, zone?.zone ?? stored.region);
  draw(at("overlay"), newest, faces, least());
  const [key, nodes] = verdict(faces, least(), expected);
  at("verdict").replaceChildren(...nodes);
  if (key !== heard) at("heard").textContent = key;
  heard = key;
}

function facts(line, seconds) {
  if (at("facts").dataset.first) return;
  at("facts").dataset.first = seconds;
  at("facts").textContent = _`First picture after ${decimals(seconds, 1)} s · ${line.width_px} × ${line.height_px} pixels`;
}

const view = new LiveView(at("picture"), {
  onWait: () => tell(newest ? "" : _("Waiting for the picture …")),
  onPicture: (line, seconds) => {
    newest = line.faces ? line : { ...line, faces: newest?.faces ?? [] };
    page.classList.add("seen");
    tell("");
    facts(line, seconds);
    measure();
  },
  onFault: (detail, error) => {
    newest = null;
    page.classList.remove("seen");
    at("overlay").replaceChildren();
    at("verdict").replaceChildren();
    tell(detail, "bad");
    if (error && form) beside(error);
  },
});

function beside(error) {
  clearProblems(form);
  const name = error.body.field ?? FIELDS[error.code];
  if (!(name && problemAt(form, name, error.message))) say(error.message, "bad");
}

/** What was typed about the address; empty fields keep what is stored. */
function typed() {
  const found = {};
  for (const name of ["url", "user", "password"]) {
    const value = field(name).value;
    if (value) found[name] = name === "password" ? value : value.trim();
  }
  return found;
}

function look() {
  newest = null;
  delete at("facts").dataset.first;
  const asked = form ? typed() : {};
  if (id && !Object.keys(asked).length) {
    const turned = rotation() === stored.rotation ? "" : `?rotation=${rotation()}`;
    return view.show({ path: `/v1/cameras/${id}/live${turned}` }, { forever: true });
  }
  if (!id && !asked.url) return undefined;
  return view.show({ path: "/v1/camera-tries", json: { ...asked, ...(id && { camera: id }), rotation: rotation() } });
}

const zone = form && zoneEditor({
  stage: at("stage"),
  box: at("zone"),
  fields: Object.fromEntries(["left", "top", "right", "bottom"].map((side) => [side, field(side)])),
  start: Object.fromEntries(Object.keys(WHOLE).map((side) => [side, stored.region[side]])),
  changed: () => {
    unsaved(true);
    measure();
  },
});

function unsaved(on) {
  at("unsaved").hidden = !on;
  window.onbeforeunload = on ? (event) => event.preventDefault() : null;
}

/** The camera as it is to be: only what changed, for one that is stored. */
function body() {
  const now = { gate: field("gate").value, rotation: rotation() };
  const region = { ...zone.zone, min_face_px: least() };
  if (!id) return { name: field("name").value.trim(), ...now, ...typed(), region };
  const changed = Object.fromEntries(Object.entries(now).filter(([key, value]) => value !== stored[key]));
  const parts = Object.fromEntries(Object.entries(region).filter(([key, value]) => value !== stored.region[key]));
  return { ...changed, ...typed(), ...(Object.keys(parts).length && { region: parts }) };
}

const percent = (share) => `${Math.round(share * 100)} %`;
const described = (one) => [
  [_("Gate"), one.gate], [_("Address"), one.url], [_("Turned"), `${one.rotation}°`], [_("In use"), one.enabled ? _("yes") : _("no")],
  [_("Zone"), ["left", "top", "right", "bottom"].map((side) => percent(one.region[side])).join(" · ")],
  [_("Smallest face"), `${one.region.min_face_px} px`],
];

/** Asks which is to hold, where somebody else changed the camera since the page was read. */
async function settle(current, store) {
  const mine = body();
  const picked = await compare(current, { ...current, ...mine, region: { ...current.region, ...mine.region } }, described);
  if (picked === "theirs") {
    unsaved(false);
    location.reload();
  }
  return picked === "mine" && store(current.version);
}

async function save(version = stored.version) {
  clearProblems(form);
  if (!id && !field("name").value.trim()) return problemAt(form, "name", _("Give it a name."));
  if (!id && !field("url").value.trim()) return problemAt(form, "url", _("Type the camera's address."));
  if (!form.reportValidity()) return undefined;
  try {
    const saved = await call(id ? `/v1/cameras/${id}` : "/v1/cameras", { method: id ? "PATCH" : "POST", json: body(), version, quiet: true });
    unsaved(false);
    sayNext(_("Saved. The camera is watched within seconds."));
    location.assign(rooted(`/cameras/${saved.id}`));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code === "entry_changed") return settle(error.body.current, save);
    beside(error);
  }
  return undefined;
}

if (form) {
  let turned = rotation();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("input", () => unsaved(true));
  at("try").addEventListener("click", () => {
    clearProblems(form);
    if (!id && !field("url").value.trim()) problemAt(form, "url", _("Type the camera's address."));
    else look();
  });
  for (const button of document.querySelectorAll("[data-attached]")) {
    button.addEventListener("click", () => {
      for (const name of ["user", "password"]) field(name).value = "";
      field("url").value = button.dataset.attached;
      at("try").click();
    });
  }
  field("rotation").addEventListener("change", () => {
    zone.turn(((rotation() - turned + 360) % 360) / 90);
    turned = rotation();
    if (view.source) look();
  });
  field("min_face_px").addEventListener("input", measure);
  at("whole").addEventListener("click", () => zone.set(WHOLE));
  for (const name of ["url", "user"]) {
    // Enter in the address tries it: that is what people expect of it.
    field(name).addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      at("try").click();
    });
  }
  at("switch")?.addEventListener("click", async () => {
    await call(`/v1/cameras/${id}`, { method: "PATCH", json: { enabled: !stored.enabled } });
    sayNext(stored.enabled ? _("Switched off. Nobody watches it.") : _("Switched on. It is watched within seconds."));
    location.reload();
  });
  at("remove")?.addEventListener("click", async () => {
    const words = stored.alone ? _`${stored.gate} has no other camera: then only hardware that sends its own pictures opens it.` : _`${stored.gate} keeps its other camera.`;
    if ((await ask(_`Remove ${stored.name}?`, [el("p", {}, words)], [[_("Cancel"), "back", "second"], [_("Remove"), "yes", "danger"]])) !== "yes") return;
    await call(`/v1/cameras/${id}`, { method: "DELETE", version: stored.version });
    unsaved(false);
    sayNext(_("Removed."));
    location.assign(rooted("/cameras"));
  });
}
if (id) look();
else tell(_("Type the address and press Try."));
