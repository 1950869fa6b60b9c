// Uploads the files of an import and shows the progress.

import { rooted } from "../api.js";
import { clearProblems, problemAt } from "../parts.js";
import { upload } from "../upload.js";
import { _ } from "../words.js";

const form = document.getElementById("bring");
const sending = document.getElementById("sending");
const sent = document.getElementById("sent");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblems(form);
  const csv = form.elements.csv.files[0];
  if (csv && /\.(xlsx?|xlsm|ods|numbers)$/i.test(csv.name)) {
    problemAt(form, "csv", _("This is a workbook. Open it in the spreadsheet, choose File, Save As, “CSV UTF-8 (comma delimited)”, and choose that file here."));
    return;
  }
  const button = form.querySelector("button");
  const files = new FormData();
  files.append("dry_run", "true");
  if (form.elements.encoding.value) files.append("encoding", form.elements.encoding.value);
  for (const name of ["csv", "photos"]) {
    if (form.elements[name].files[0]) files.append(name, form.elements[name].files[0]);
  }
  button.disabled = true;
  sending.hidden = false;
  try {
    const { id } = await upload("/v1/imports", files, (bytes, total) => {
      sent.max = total;
      sent.value = bytes;
    });
    location.assign(rooted(`/imports/${id}`));
  } catch {
    button.disabled = false;
    sending.hidden = true;
  }
});
