// Calls to the service as the page's user, and messages to them.

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
    answer = await fetch(path, { method, headers, signal, body: json === undefined ? form : JSON.stringify(json) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!quiet) say("The service cannot be reached; check the network and try again.", "bad");
    throw new CallError(0, "unreachable", "The service cannot be reached.");
  }
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const body = answer.status === 204 ? null : isJson ? await answer.json() : await answer.text();
  if (answer.ok) return body;
  if (answer.status === 401) signIn();
  const error = new CallError(answer.status, body?.error ?? "failed", body?.detail ?? "The service failed; try again.");
  if (!quiet) say(error.message, "bad");
  throw error;
}

/** To the sign-in page, and back here afterwards. */
export function signIn() {
  location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`);
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
