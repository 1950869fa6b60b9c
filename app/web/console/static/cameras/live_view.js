// The live picture of a camera on a canvas. It stops with the page, and in a tab that nobody looks at.

import { CallError } from "../api.js";
import { lines } from "./stream.js";
import { _ } from "../words.js";

const AGAIN_MS = 3000;

/**
 * canvas: where it is drawn. onPicture(line, seconds): after each; seconds since the view began.
 * onFault(detail, error): why there is no picture; error: the CallError, if the service refused.
 */
export class LiveView {
  constructor(canvas, { onPicture, onFault, onWait }) {
    Object.assign(this, { canvas, onPicture, onFault, onWait, source: null, stop: null });
    addEventListener("pagehide", () => this.end());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.resume()));
  }

  /** Shows another source: {path, json}. forever: begins again whenever it ends. */
  show(source, { forever = false } = {}) {
    this.pause();
    this.source = { ...source, forever };
    return this.#run(false);
  }

  end() {
    this.pause();
    this.source = null;
  }

  pause() {
    this.stop?.abort();
    this.stop = null;
  }

  resume() {
    if (this.source?.forever && !this.stop) this.#run(true);
  }

  async #run(background) {
    const { source } = this;
    const stop = new AbortController();
    this.stop = stop;
    this.onWait();
    const began = performance.now();
    let fault = null;
    try {
      for await (const line of lines(source.path, { json: source.json, signal: stop.signal, background })) {
        if (stop.signal.aborted) return;
        if (line.fault) fault = line.detail;
        else await this.#draw(line, stop.signal, (performance.now() - began) / 1000);
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      fault = error instanceof CallError ? error.message : _("The service cannot be reached. Check the network and try again.");
      if (error instanceof CallError && error.status < 500) {
        this.stop = null;
        this.onFault(fault, error);
        return;
      }
    }
    if (stop.signal.aborted) return;
    this.stop = null;
    if (fault) this.onFault(fault);
    if (source.forever) setTimeout(() => this.source === source && !this.stop && !document.hidden && this.#run(true), fault || performance.now() - began < AGAIN_MS ? AGAIN_MS : 0);
    else if (!fault) this.onFault(_("Shown for a minute. Press Try to go on."));
  }

  async #draw(line, signal, seconds) {
    const bytes = Uint8Array.from(atob(line.picture), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    if (signal.aborted) return;
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      Object.assign(this.canvas, { width: picture.width, height: picture.height });
      // A picture that is taller than wide must not be taller than the window.
      this.canvas.parentElement.style.maxWidth = `${(75 * picture.width) / picture.height}vh`;
    }
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    this.onPicture(line, seconds);
  }
}
