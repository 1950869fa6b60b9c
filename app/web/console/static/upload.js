// Sends files with their progress, which fetch cannot tell.

import { CallError, failure, rooted, say, signIn } from "./api.js";

/** POSTs a FormData; told(sent, total) in bytes while it goes. Gives the parsed answer; throws CallError. */
export function upload(path, form, told = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", rooted(path));
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
    request.upload.addEventListener("progress", (event) => told(event.loaded, event.total));
    let began = false;
    request.upload.addEventListener("progress", () => { began = true; });
    const fail = (error) => {
      if (error.status === 401 && error.code !== "proxy") signIn();
      say(error.message, "bad");
      reject(error);
    };
    request.addEventListener("load", () => {
      const body = request.response;
      if (request.status >= 200 && request.status < 300) resolve(body);
      else fail(failure(request.status, body));
    });
    request.addEventListener("error", () => {
      // Who refuses a body before its end may cut the line, and then no answer is read.
      const words = began
        ? "The connection broke off while sending. If it does so again, a proxy may take no file of this size (nginx: client_max_body_size)."
        : "The service cannot be reached; check the network and try again.";
      fail(new CallError(0, "unreachable", words));
    });
    request.send(form);
  });
}
