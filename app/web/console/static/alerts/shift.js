// Prints the report.

document.getElementById("print").addEventListener("click", () => print());
