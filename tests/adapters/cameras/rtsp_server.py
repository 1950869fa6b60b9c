"""A real RTSP camera for the tests: GStreamer's server, run with the system's Python, obeying its standard input.

Each picture carries the time it was made as 48 black and white columns, so a test can read how old it is. Prints the
port.
Commands, one a line: live, freeze, black, size WIDTH HEIGHT, fps N.
"""

import argparse
import os
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

BITS = 48
ENCODERS = {
    "jpeg": "jpegenc quality=60 ! rtpjpegpay name=pay0",
    "h264": "openh264enc bitrate=6000000 gop-size=30 complexity=low ! h264parse"
    " ! rtph264pay name=pay0 config-interval=1",
    "h265": "x265enc speed-preset=ultrafast tune=zerolatency bitrate=6000 key-int-max=30 ! h265parse"
    " ! rtph265pay name=pay0 config-interval=1",
}


class Show:
    mode = "live"
    frozen_ms = 0
    size = (320, 240)
    fps: float = 25


def picture() -> bytes:
    width, height = Show.size
    if Show.mode == "black":
        return bytes(width * height)
    ms = Show.frozen_ms if Show.mode == "freeze" else int(time.time() * 1000)
    columns = b"".join((b"\xeb" if ms >> bit & 1 else b"\x20") * (width // BITS) for bit in range(BITS))
    row = columns.ljust(width, b"\x80")
    return row * height


def caps() -> Gst.Caps:
    width, height = Show.size
    return Gst.Caps.from_string(f"video/x-raw,format=GRAY8,width={width},height={height},framerate=25/1")


def feed(source: Gst.Element) -> None:
    def push() -> None:
        while True:
            buffer = Gst.Buffer.new_wrapped(picture())
            source.set_property("caps", caps())
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return
            time.sleep(1 / Show.fps)

    # Not before it asks for the first one: until the pipeline plays it has no start to count from, and a picture
    # stamped then is held back for as many hours as the machine has been up.
    def begin(*_: object) -> None:
        source.disconnect(asked)
        threading.Thread(target=push, daemon=True).start()

    asked = source.connect("need-data", begin)


def obey() -> None:
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "size":
            Show.size = (int(rest[0]), int(rest[1]))
        elif word == "fps":
            Show.fps = float(rest[0])
        else:
            Show.frozen_ms, Show.mode = int(time.time() * 1000), word
    os._exit(0)  # the test is gone


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", default="0")
    arguments.add_argument("--auth", choices=["basic", "digest"])
    arguments.add_argument("--user", default="")
    arguments.add_argument("--password", default="")
    arguments.add_argument("--codec", choices=sorted(ENCODERS), default="jpeg")
    arguments.add_argument("--size", default="320x240")
    given = arguments.parse_args()
    width, height = given.size.split("x")
    Show.size = (int(width), int(height))
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( appsrc name=show is-live=true do-timestamp=true format=time block=true max-buffers=2"
        f" ! videoconvert ! video/x-raw,format=I420 ! {ENCODERS[given.codec]} )"
    )
    factory.set_shared(True)
    factory.connect("media-configure", lambda _, media: feed(media.get_element().get_by_name("show")))
    if given.auth:
        guard = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if given.auth == "basic":
            guard.add_basic(GstRtspServer.RTSPAuth.make_basic(given.user, given.password), token)
        else:
            guard.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST
            guard.add_digest(given.user, given.password, token)
        server.set_auth(guard)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    threading.Thread(target=obey, daemon=True).start()
    GLib.MainLoop().run()


main()
