// A person's self-enrolment link: made, copied, revoked, and what became of it.

import { call } from "../../api.js";
import { copied } from "../../copy.js";
import { moment } from "../../parts.js";
import { _ } from "../../words.js";

const section = document.getElementById("invitation");
const part = (name) => document.getElementById(`invitation-${name}`);
const path = `/v1/employees/${section.dataset.employee}/invitations`;
let waiting = null;

function words(one) {
  if (one.state === "waiting") {
    const where = one.consented_at ? _("They agreed and have not sent a photo yet.") : _("They have not answered yet.");
    return one.expired ? _`The link ended on ${moment(one.ends_at)} without an answer.` : _`Waiting until ${moment(one.ends_at)}. ${where}`;
  }
  const at = moment(one.answered_at);
  if (one.state === "done") return _`Done on ${at}. They agreed to text ${one.consent_version}.`;
  return one.state === "declined" ? _`They prefer a card, since ${at}.` : _`The last link was revoked on ${at}.`;
}

async function refresh() {
  const [last] = (await call(path)).items;
  waiting = last?.state === "waiting" && !last.expired ? last : null;
  if (last) part("state").textContent = words(last);
  part("revoke").hidden = !waiting;
  part("make").textContent = last ? _("Make a new link") : _("Make a link");
}

part("make").addEventListener("click", async () => {
  const { items } = await call("/v1/invitations", { method: "POST", json: { employees: [section.dataset.employee], qr: true } });
  part("address").value = items[0].link;
  part("qr").src = items[0].qr;
  part("link").hidden = false;
  part("copy").textContent = _("Copy");
  part("address").select();
  await refresh();
});

part("copy").addEventListener("click", () => copied(part("copy"), part("address"), part("address").value));

part("revoke").addEventListener("click", async () => {
  await call(`${path}/${waiting.id}`, { method: "DELETE" });
  part("link").hidden = true;
  await refresh();
});

refresh();
