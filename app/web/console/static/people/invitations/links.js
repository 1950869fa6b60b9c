// Links for self-enrolment, for many people at once: a file that the browser saves.

import { call, CallError, say } from "../../api.js";
import { el } from "../../parts.js";
import { _ } from "../../words.js";

const AT_ONCE = 500;
// As `harmless` of people_cells.py: a spreadsheet runs no cell.
const cell = (text) => `"${(/^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/**
 * Makes a link for each of these people, by their ids, and saves links.csv. A link is shown once and ends the person's
 * earlier ones, so what was made is saved even if a later request fails.
 */
export async function saveLinks(people) {
  const lines = [];
  try {
    for (let at = 0; at < people.length; at += AT_ONCE) {
      const made = await call("/v1/invitations", { method: "POST", json: { employees: people.slice(at, at + AT_ONCE) } });
      for (const one of made.items) lines.push([one.number, one.name, one.email ?? "", one.link, one.ends_at]);
    }
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (lines.length) say(_`Links for ${lines.length} of ${people.length} people were made. They are in the file.`, "bad");
  }
  if (!lines.length) return;
  const head = ["number", "name", "email", "link", "ends_at"];
  const text = `\ufeff${[head, ...lines].map((cells) => cells.map(cell).join(",")).join("\r\n")}\r\n`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  el("a", { href: address, download: "links.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // a browser may ask first where to save it
}
