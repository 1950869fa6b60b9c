// One event: prints it, and removes the frame of a picture that is gone.

import { onPaper } from "./paper.js";

onPaper();
for (const image of document.querySelectorAll("img[data-optional]")) {
  const gone = () => image.closest("figure").remove();
  if (image.complete && !image.naturalWidth) gone();
  else image.addEventListener("error", gone);
}
