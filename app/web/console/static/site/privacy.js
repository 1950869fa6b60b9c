// Prints a page, and shows a certificate once its search has ended.

const AGAIN_MS = 2000;

document.getElementById("print")?.addEventListener("click", () => print());
if (document.getElementById("searching")) setTimeout(() => location.reload(), AGAIN_MS);
