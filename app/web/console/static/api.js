// Calls the service as the signed-in user, and shows messages.

import { _, language } from "./words.js";

// A proxy may serve the console below a path prefix. This file is PREFIX/static/VERSION/api.js.
const HERE = new URL(import.meta.url).pathname;
const ROOT = HERE.slice(0, HERE.lastIndexOf("/static/"));

/** The path with the proxy's prefix. */
export function rooted(path) {
  return ROOT + path;
}

/** An error answer: HTTP status, code, and the sentence to show. body: the whole answer, such as `field` or `current`. */
export class CallError extends Error {
  constructor(status, code, detail, body = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/**
 * Calls /v1. Returns the parsed JSON, the text of another type, or null for an empty answer.
 * json: sent as JSON. form: a FormData. quiet: throws an error without showing it. signal: an AbortSignal.
 * version: of the entry that a change is based on; if that changed meanwhile, the answer is 409 with the newer entry.
 * background: the page asks by itself, which does not keep the session from ending when nobody uses it.
 * Throws CallError, after showing its sentence. Goes to the sign-in page if the session has ended.
 */
export async function call(path, { method = "GET", json, form, quiet = false, signal, version, background = false } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": language };
  if (background) headers["Facegate-Background"] = "1";
  if (method !== "GET") headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  let answer;
  try {
    answer = await fetch(rooted(path), { method, headers, signal, body: json === undefined ? form : JSON.stringify(json) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!quiet) say(_("The service cannot be reached. Check the network and try again."), "bad");
    throw new CallError(0, "unreachable", _("The service cannot be reached."));
  }
  const type = answer.headers.get("content-type") ?? "";
  const body = answer.status === 204 ? null : type.includes("json") ? await answer.json().catch(() => null) : await answer.text();
  if (answer.ok && !type.includes("html")) return body;
  if (answer.status === 401 && body?.error) signIn();
  const error = failure(answer.status, body);
  if (!quiet) say(error.message, "bad");
  throw error;
}

/** The CallError for an answer's status and parsed body. An answer that lacks the service's JSON came from a proxy. */
export function failure(status, body) {
  if (body?.error && body.detail) return new CallError(status, body.error, body.detail, body);
  const cures = {
    413: _("A proxy in front of the service refused this as too large. Raise its limit (nginx: client_max_body_size) or send less at once."),
    502: _("A proxy in front of the service cannot reach it. Check that the service runs at the address that the proxy uses."),
    503: _("A proxy in front of the service cannot reach it, or refuses requests now. Check that the service runs."),
    504: _("A proxy in front of the service waited too long for it. Try again, or raise its limit (nginx: proxy_read_timeout)."),
  };
  const what = cures[status] ?? _`A proxy in front of the service answered instead (${status}). Ask whoever runs the proxy.`;
  return new CallError(status, "proxy", what);
}

/** Goes to the sign-in page, which leads back here. */
export function signIn() {
  const here = location.pathname.slice(ROOT.length) + location.search;
  location.assign(rooted(`/signin?next=${encodeURIComponent(here)}`));
}

/** Shows a message; screen readers read it aloud. kind: "good", "info", or "bad", which stays until closed. */
export function say(text, kind = "info") {
  const box = document.createElement("div");
  box.className = `message ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = _("Close");
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  const region = document.getElementById("messages");
  const dialog = document.querySelector("dialog:modal");
  if (dialog && region.parentElement !== dialog) {
    // Outside an open dialog nothing can be clicked or is read aloud.
    dialog.append(region);
    dialog.addEventListener("close", () => document.body.append(region), { once: true });
  }
  region.append(box);
  while (region.children.length > 4) region.firstElementChild.remove();
  if (kind !== "bad") setTimeout(() => box.remove(), 6000);
}

/** Shows the message on the next page: for a change that ends in a reload. */
export function sayNext(text, kind = "good") {
  sessionStorage.setItem("say", JSON.stringify([text, kind]));
}
