// One event: prints it, and removes the frame of a picture that is gone.

document.getElementById("print").addEventListener("click", () => print());
for (const image of document.querySelectorAll("img[data-optional]")) {
  const gone = () => image.closest("figure").remove();
  if (image.complete && !image.naturalWidth) gone();
  else image.addEventListener("error", gone);
}
