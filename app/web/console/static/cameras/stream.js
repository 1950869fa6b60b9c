// Reads an answer that comes as one JSON object a line, for as long as it comes.

import { failure, rooted, signIn } from "../api.js";

/**
 * Yields each line of an answer of /v1. json: sent by POST, else it is a GET. signal: ends it.
 * background: the page asks by itself, which does not keep the session from ending when nobody uses it.
 * Throws CallError for an answer that is an error.
 */
export async function* lines(path, { json, signal, background = false }) {
  const headers = { Accept: "application/x-ndjson" };
  if (background) headers["Facegate-Background"] = "1";
  if (json) Object.assign(headers, { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content ?? "" });
  const answer = await fetch(rooted(path), { method: json ? "POST" : "GET", headers, signal, body: json && JSON.stringify(json) });
  if (!answer.ok) {
    const body = await answer.json().catch(() => null);
    if (answer.status === 401 && body?.error) signIn();
    throw failure(answer.status, body);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}
