// Only a free period can wait for a first person.

const form = document.querySelector('dialog[data-entry="gate-modes"] form');
const box = form.querySelector("[data-only-free]");

form.addEventListener("input", () => {
  const free = form.elements.mode.value === "free";
  box.hidden = !free;
  if (!free) form.elements.first_person_group.value = "";
});
