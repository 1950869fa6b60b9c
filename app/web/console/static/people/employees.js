// The list of employees is searched during typing; the address bar keeps the query.

import { rooted } from "../api.js";

const form = document.querySelector(".people-filter");
const field = form.elements.q;
const list = document.getElementById("people");
const chips = [...form.querySelectorAll(".chip")];
let show = chips.find((chip) => chip.getAttribute("aria-pressed") === "true")?.value ?? "all";
let asked;

async function part(address) {
  asked?.abort();
  asked = new AbortController();
  const url = new URL(address, location.href);
  url.searchParams.set("part", "true");
  const answer = await fetch(url, { signal: asked.signal });
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok) throw new Error(`the list answered ${answer.status}`);
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

async function find() {
  const query = new URLSearchParams();
  if (field.value.trim()) query.set("q", field.value.trim());
  if (show !== "all") query.set("show", show);
  const address = rooted(`/employees${query.size ? `?${query}` : ""}`);
  history.replaceState(null, "", address);
  list.setAttribute("aria-busy", "true");
  try {
    list.replaceChildren(await part(address));
    list.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

field.addEventListener("input", find);
if (field.value !== field.defaultValue) find(); // typed before this script ran
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.value) show = event.submitter.value;
  for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.value === show));
  find();
});

// "Show more" appends the next rows.
list.addEventListener("click", async (event) => {
  const more = event.target.closest("a[rel=next]");
  if (!more) return;
  event.preventDefault();
  const next = await part(more.href);
  list.querySelector("tbody").append(...next.querySelectorAll("tbody > tr"));
  const following = next.querySelector(".more");
  if (following) more.closest(".more").replaceWith(following);
  else more.closest(".more").remove();
});
