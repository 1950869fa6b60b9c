// The camera of this browser in a <video>: opened, its pictures, and closed when the person or the page leaves.

import { _ } from "../words.js";

const WIDEST = 1280;

/** There is no picture. message: what the person can do. */
export class NoCamera extends Error {}

export class Viewfinder {
  #video;
  #cure;
  #stream = null;
  #turn = 0; // grows with each opening and closing

  /** video: shows it. cure: what to do where the page may have no camera, because it did not come over https. */
  constructor(video, cure) {
    this.#video = video;
    this.#cure = cure;
    addEventListener("pagehide", () => this.close());
  }

  /** The stream that runs, or null. */
  get stream() {
    return this.#stream;
  }

  /**
   * Opens a camera in place of the one before. which: constraints of its picture, such as facingMode.
   * Returns its stream, or null if it was closed or another was asked for meanwhile. Throws NoCamera.
   */
  async open(which) {
    this.close();
    const turn = this.#turn;
    if (!navigator.mediaDevices) throw new NoCamera(_`Browsers allow the camera on https pages only. ${this.#cure}`);
    let opened;
    try {
      opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDEST }, ...which }, audio: false });
    } catch (error) {
      if (turn !== this.#turn) return null;
      throw new NoCamera(error.name === "NotAllowedError" ? _("The browser blocks the camera. Allow it in the address bar, then try again.") : _("No camera was found, or another program is using it."));
    }
    if (turn !== this.#turn) {
      release(opened);
      return null;
    }
    this.#stream = opened;
    this.#video.srcObject = opened;
    await this.#video.play().catch(() => {}); // closed before it began
    return turn === this.#turn ? opened : null;
  }

  close() {
    this.#turn += 1;
    release(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** What the camera sees now, as a JPEG; null before its first picture. */
  async frame() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth) return null;
    const scale = Math.min(1, WIDEST / videoWidth);
    const canvas = new OffscreenCanvas(Math.round(videoWidth * scale), Math.round(videoHeight * scale));
    canvas.getContext("2d").drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  }
}

function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
