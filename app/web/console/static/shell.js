// What every page does: switches the theme, opens dialogs, shows messages from the page before.

import { say } from "./api.js";

const root = document.documentElement;
const dark = () => root.dataset.theme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    root.dataset.theme = next;
    localStorage.setItem("theme", next);
  });
}

// In a narrow window the navigation and the tabs are strips that scroll.
for (const here of document.querySelectorAll(":is(.main-nav, .tabs) [aria-current]")) {
  here.scrollIntoView({ block: "nearest", inline: "center" });
}

// What stays at the upper edge (alerts, in a narrow window the head of the page) covers nothing that the keyboard reaches.
const narrow = matchMedia("(max-width: 61.99rem)");
const [head, bars] = [document.querySelector(".with-nav .top"), document.querySelector(".bars")];
if (head && bars) {
  const size = () => { root.style.scrollPaddingTop = `${(narrow.matches ? head : bars).offsetHeight + 8}px`; };
  const seen = new ResizeObserver(size);
  seen.observe(head);
  seen.observe(bars);
}

for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
for (const button of document.querySelectorAll("dialog [data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

const waiting = sessionStorage.getItem("say");
if (waiting) {
  sessionStorage.removeItem("say");
  say(...JSON.parse(waiting));
}
