// Uploads files with progress, which fetch does not report.

import { CallError, failure, rooted, say, signIn } from "./api.js";
import { _, language } from "./words.js";

/** POSTs a FormData; calls onProgress(sent, total), in bytes. Returns the parsed answer; throws CallError. */
export function upload(path, form, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", rooted(path));
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", language);
    request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
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
      // A server that refuses a body before its end may close the connection, and then the browser reads no answer.
      const words = began
        ? _("The connection broke during the upload. If this happens again, a proxy may refuse files of this size (nginx: client_max_body_size).")
        : _("The service cannot be reached. Check the network and try again.");
      fail(new CallError(0, "unreachable", words));
    });
    request.send(form);
  });
}
