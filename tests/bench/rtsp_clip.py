"""An RTSP camera that plays encoded clips in a loop: GStreamer's server, run with the system's Python.

usage: rtsp_clip.py PORT FPS NAME=FILE...   Prints its port. Plays the first clip until its standard input says another
NAME. A clip is what `clip.write` wrote: H.264 access units, each after its length and whether it is a key frame.
"""

import os
import struct
import sys
import threading
import time
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

HEAD = struct.Struct(">I?")
CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"


class Show:
    clips: dict[str, list[bytes]] = {}  # noqa: RUF012
    name = ""
    fps = 15.0


def read(path: str) -> list[bytes]:
    data, at, packets = Path(path).read_bytes(), 0, []
    while at < len(data):
        length, _ = HEAD.unpack_from(data, at)
        packets.append(data[at + HEAD.size : at + HEAD.size + length])
        at += HEAD.size + length
    return packets


def feed(source: Gst.Element) -> None:
    """Plays for one connection: from the clip's first packet, a key frame, whenever the clip changes."""

    def push() -> None:
        name, number, due = "", 0, time.monotonic()
        while True:
            if name != Show.name:
                name, number = Show.name, 0
            clip = Show.clips[name]
            if source.emit("push-buffer", Gst.Buffer.new_wrapped(clip[number % len(clip)])) != Gst.FlowReturn.OK:
                return
            number += 1
            due = max(due + 1 / Show.fps, time.monotonic() - 1)  # stopped for long, it does not hurry after
            time.sleep(max(0.0, due - time.monotonic()))

    # As in the tests' own camera: what is pushed before the pipeline plays is stamped wrongly and shown hours later.
    def begin(*_: object) -> None:
        source.disconnect(asked)
        threading.Thread(target=push, daemon=True).start()

    asked = source.connect("need-data", begin)


def obey() -> None:
    for line in sys.stdin:
        Show.name = line.strip()
    os._exit(0)  # whoever started it is gone


def main() -> None:
    port, fps, *clips = sys.argv[1:]
    Show.fps = float(fps)
    Show.clips = {name: read(path) for name, _, path in (clip.partition("=") for clip in clips)}
    Show.name = next(iter(Show.clips))
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( appsrc name=show is-live=true do-timestamp=true format=time block=true max-buffers=2 caps={CAPS}"
        " ! h264parse ! rtph264pay name=pay0 config-interval=-1 )"
    )
    factory.set_shared(True)
    factory.connect("media-configure", lambda _, media: feed(media.get_element().get_by_name("show")))
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    threading.Thread(target=obey, daemon=True).start()
    GLib.MainLoop().run()


main()
