// The list of people: searched during typing, sorted, read on at its end. The address bar keeps the question.

import { rooted } from "../api.js";
import { el } from "../parts.js";

const form = document.querySelector(".people-filter");
const { q, group, sort } = form.elements;
const list = document.getElementById("people");
const chips = [...form.querySelectorAll(".chip")];
let show = chips.find((chip) => chip.getAttribute("aria-pressed") === "true")?.value ?? "all";
let turned = new URLSearchParams(location.search).get("turned") === "true";
let asked;

async function part(address, signal) {
  const url = new URL(address, location.href);
  url.searchParams.set("part", "true");
  const answer = await fetch(url, { signal });
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok) throw new Error(`the list answered ${answer.status}`);
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

/** The question of the list, as the server reads it. */
export function question() {
  const query = new URLSearchParams();
  if (q.value.trim()) query.set("q", q.value.trim());
  if (show !== "all") query.set("show", show);
  if (group.value) query.set("group", group.value);
  if (sort.value !== "name") query.set("sort", sort.value);
  if (turned) query.set("turned", "true");
  return query;
}

async function load(address) {
  asked?.abort();
  const mine = new AbortController();
  asked = mine;
  history.replaceState(null, "", address);
  list.setAttribute("aria-busy", "true");
  try {
    list.replaceChildren(await part(address, mine.signal));
    list.removeAttribute("aria-busy");
    list.dispatchEvent(new Event("rows"));
    watchEnd();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function find() {
  const query = question();
  return load(rooted(`/employees${query.size ? `?${query}` : ""}`));
}

q.addEventListener("input", find);
if (q.value !== q.defaultValue) find(); // typed before this script ran
group.addEventListener("change", find);
sort.addEventListener("change", () => {
  turned = false;
  find();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.value) show = event.submitter.value;
  for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.value === show));
  find();
});

list.addEventListener("click", (event) => {
  const link = event.target.closest("thead a, a[rel=next]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.rel === "next") {
    more(link);
    return;
  }
  const query = new URL(link.href).searchParams;
  sort.value = query.get("sort") ?? "name";
  turned = query.get("turned") === "true";
  const label = link.firstChild.textContent;
  load(link.href).then(() => [...list.querySelectorAll("thead a")].find((one) => one.firstChild.textContent === label)?.focus());
});

// The list goes on by itself where its end comes into view; the link does the same without that.
let loading = false;
async function more(link) {
  if (loading) return;
  loading = true;
  link.setAttribute("aria-busy", "true");
  try {
    const next = await part(link.href, asked?.signal);
    if (!link.isConnected) return; // another list by now
    list.querySelector("tbody").append(...next.querySelectorAll("tbody > tr"));
    const following = next.querySelector(".more");
    if (following) link.closest(".more").replaceWith(following);
    else link.closest(".more").remove();
    list.dispatchEvent(new Event("rows"));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    loading = false;
  }
  watchEnd();
}

const end = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) more(list.querySelector("a[rel=next]"));
}, { rootMargin: "400px" });

function watchEnd() {
  end.disconnect();
  const link = list.querySelector("a[rel=next]");
  if (link) end.observe(link);
}
// Only once somebody scrolls: a page that is not scrolled has no use for more rows.
addEventListener("scroll", watchEnd, { once: true, passive: true });

// Columns: this browser remembers those that are hidden.
const columns = form.querySelector(".columns");
const boxes = [...columns.querySelectorAll("input")];
const hidden = localStorage.getItem("people-without");
if (hidden !== null) for (const box of boxes) box.checked = !hidden.split(" ").includes(box.value);

function showColumns() {
  list.dataset.without = boxes.filter((box) => !box.checked).map((box) => box.value).join(" ");
}
columns.hidden = false;
columns.addEventListener("change", () => {
  showColumns();
  localStorage.setItem("people-without", list.dataset.without);
});
columns.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  columns.open = false;
  columns.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (!columns.contains(event.target)) columns.open = false;
});
showColumns();

// A face that cannot be shown leaves the first letter of the name. Errors of images do not bubble.
list.addEventListener("error", ({ target }) => {
  if (!target.matches("img.avatar")) return;
  const letter = el("span", { class: "avatar", "aria-hidden": "true" }, target.nextElementSibling.textContent.slice(0, 1).toUpperCase());
  target.replaceWith(letter);
}, true);
