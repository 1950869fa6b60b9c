// Runs before the page is drawn: applies the theme that was chosen with the switch, if any.
{
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
