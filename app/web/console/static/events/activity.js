// Activity: loads more rows on scrolling, and keeps the page small.

import { rooted } from "../api.js";

const MOST_CHUNKS = 30; // of 50 rows
const rows = document.getElementById("rows");
const end = document.getElementById("end");

const form = document.getElementById("filters");
// On a phone seven fields would hide the rows.
const narrow = matchMedia("(max-width: 52rem)");
const fold = () => {
  form.closest("details").open = !narrow.matches;
};
narrow.addEventListener("change", fold); // a phone that is turned
fold();
form.addEventListener("submit", (submit) => {
  submit.preventDefault();
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value) query.set(name, value);
  }
  location.assign(rooted(`/activity${query.size ? `?${query}` : ""}`));
});
for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());

let fetching = false;

async function more() {
  const next = rows.lastElementChild.dataset.next;
  if (fetching || !next) return;
  fetching = true;
  end.textContent = "Loading more …";
  try {
    const query = new URLSearchParams(rows.dataset.query);
    query.set("cursor", next);
    const answer = await fetch(rooted(`/activity/rows?${query}`));
    if (!answer.ok || answer.redirected) throw new Error("refused");
    const chunk = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".chunk");
    rows.append(chunk);
    const chunks = rows.querySelectorAll(".chunk");
    if (chunks.length > MOST_CHUNKS) {
      const height = chunks[0].getBoundingClientRect().height;
      chunks[0].remove();
      scrollBy(0, -height);
      top();
    }
    end.textContent = rows.lastElementChild.dataset.next ? "" : "No more events.";
  } catch {
    end.replaceChildren("Could not load more. ", again());
  }
  fetching = false;
  look();
}

function again() {
  const button = document.createElement("button");
  button.className = "small second";
  button.textContent = "Try again";
  button.addEventListener("click", more);
  return button;
}

/** Adds one link back to the newest rows, once they have left the page. */
function top() {
  if (document.getElementById("newest")) return;
  const link = document.createElement("a");
  link.id = "newest";
  link.className = "button small newest";
  link.href = location.href;
  link.textContent = "Back to the newest";
  document.body.append(link);
}

function look() {
  if (rows && document.documentElement.scrollHeight - innerHeight - scrollY < 1500) more();
}

if (rows) {
  addEventListener("scroll", look, { passive: true });
  look();
}
