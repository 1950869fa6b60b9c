// Sends files with their progress, which fetch cannot tell.

import { CallError, say, signIn } from "./api.js";

/** POSTs a FormData; told(sent, total) in bytes while it goes. Gives the parsed answer; throws CallError. */
export function upload(path, form, told = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
    request.upload.addEventListener("progress", (event) => told(event.loaded, event.total));
    const fail = (status, code, detail) => {
      if (status === 401) signIn();
      say(detail, "bad");
      reject(new CallError(status, code, detail));
    };
    request.addEventListener("load", () => {
      const body = request.response;
      if (request.status >= 200 && request.status < 300) resolve(body);
      else fail(request.status, body?.error ?? "failed", body?.detail ?? "The service failed; try again.");
    });
    request.addEventListener("error", () => fail(0, "unreachable", "The service cannot be reached; check the network and try again."));
    request.send(form);
  });
}
