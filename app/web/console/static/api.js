// Calls to the service as the page's user, and messages to them.

// A proxy may serve the console below a path; this file lies in its static/.
const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** A path of the service as this page reaches it. */
export function rooted(path) {
  return ROOT + path;
}

/** An answer that is an error: its code, its sentence, its HTTP status. */
export class CallError extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/**
 * Calls /v1 and gives the parsed answer (null for none, text for what is no JSON).
 * json: sent as JSON. form: a FormData. quiet: the error is not shown, only thrown. signal: an AbortSignal.
 * Throws CallError, after showing its sentence. Signed out: goes to the sign-in page.
 */
export async function call(path, { method = "GET", json, form, quiet = false, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(rooted(path), { method, headers, signal, body: json === undefined ? form : JSON.stringify(json) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!quiet) say("The service cannot be reached; check the network and try again.", "bad");
    throw new CallError(0, "unreachable", "The service cannot be reached.");
  }
  const type = answer.headers.get("content-type") ?? "";
  const body = answer.status === 204 ? null : type.includes("json") ? await answer.json().catch(() => null) : await answer.text();
  if (answer.ok && !type.includes("html")) return body;
  if (answer.status === 401 && body?.error) signIn();
  const error = failure(answer.status, body);
  if (!quiet) say(error.message, "bad");
  throw error;
}

/** What went wrong, from an answer's status and parsed JSON: an error without the service's own JSON is a proxy's. */
export function failure(status, body) {
  if (body?.error && body.detail) return new CallError(status, body.error, body.detail);
  const cures = {
    413: "refused this as too large: raise its limit (nginx: client_max_body_size) or send less at once.",
    502: "does not reach it: see that the service runs, and at the address that the proxy is set to.",
    503: "does not reach it, or lets nobody through now: see that the service runs.",
    504: "waited too long for it: try again, or raise its limit (nginx: proxy_read_timeout).",
  };
  const what = cures[status] ?? `answered in its place (${status}): ask whoever runs the proxy.`;
  return new CallError(status, "proxy", `A proxy in front of the service ${what}`);
}

/** To the sign-in page, and back here afterwards. */
export function signIn() {
  const here = location.pathname.slice(ROOT.length) + location.search;
  location.assign(rooted(`/signin?next=${encodeURIComponent(here)}`));
}

/** Shows a message and has it read aloud. kind: "good", "bad" (stays until it is closed) or "info". */
export function say(text, kind = "info") {
  const box = document.createElement("div");
  box.className = `message ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = "Close";
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  const region = document.getElementById("messages");
  const dialog = document.querySelector("dialog:modal");
  if (dialog && region.parentElement !== dialog) {
    // Outside of an open dialog nothing can be clicked, or is read aloud.
    dialog.append(region);
    dialog.addEventListener("close", () => document.body.append(region), { once: true });
  }
  region.append(box);
  while (region.children.length > 4) region.firstElementChild.remove();
  if (kind !== "bad") setTimeout(() => box.remove(), 6000);
}

/** Says it after the next page has loaded: for a change that ends in a reload. */
export function sayNext(text, kind = "good") {
  sessionStorage.setItem("say", JSON.stringify([text, kind]));
}
