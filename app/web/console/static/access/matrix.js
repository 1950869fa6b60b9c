// Prints the table.

document.getElementById("print").addEventListener("click", () => print());
