"""Opens FFmpeg for each kind of live camera: fixed demuxer, no network access of its own, little buffering."""

from collections.abc import Callable
from urllib.parse import quote

import av

from app.adapters.cameras.address import CameraAddress
from app.adapters.cameras.decode import BOUNDS
from app.adapters.cameras.http_stream import HttpStream
from app.adapters.cameras.link import Link
from app.adapters.cameras.relay import Relay

OPEN_S = 4.0
READ_S = 4.0
# Most cameras say in the handshake what they send. The others get 0.5 s of analysis. No `nobuffer`: it throws away what
# was read for that, the first whole picture among it, which costs an H.264 camera with a key frame every 1.2 s one
# second, and makes no later picture fresher (measured 2026-11-29).
PROMPT = {
    "analyzeduration": "500000",
    "probesize": "1000000",
    "fpsprobesize": "0",
    "max_pixels": BOUNDS["max_pixels"],
}
NewLink = Callable[[], Link]


class RtspFeed:
    """RTSP with the video in the same TCP connection, through a relay that checks the handshake first."""

    def __init__(self, address: CameraAddress, new_link: NewLink) -> None:
        self._address = address
        self._link = new_link()
        self._relay: Relay | None = None

    def open(self) -> av.container.InputContainer:
        self._relay = Relay(self._link)
        login = ""
        if self._address.user:
            login = f"{quote(self._address.user, safe='')}:{quote(self._address.password, safe='')}@"
        return av.open(
            f"rtsp://{login}127.0.0.1:{self._relay.port}{self._address.path}",
            format="rtsp",
            # The whitelist limits FFmpeg to the loopback connection and the packets inside it.
            options={
                **PROMPT,
                "rtsp_transport": "tcp",
                "allowed_media_types": "video",
                "protocol_whitelist": "rtp,tcp",
                "max_delay": "0",
                "reorder_queue_size": "0",
            },
            timeout=(OPEN_S, READ_S),
        )

    def before_read(self, deadline: float) -> None:
        """FFmpeg's own time limit applies."""

    def fed(self) -> None:
        self._link.fed()

    def held_back(self) -> bool:
        # FFmpeg splits the stream where it sees a picture begin.
        return self._relay is None or not self._relay.prompt

    def reason(self) -> str:
        return self._relay.reason if self._relay is not None else ""

    def abort(self) -> None:
        self._link.abort()

    def close(self) -> None:
        if self._relay is not None:
            self._relay.close()
        self._link.close()


class MjpegFeed:
    """Motion JPEG or single JPEGs over HTTP. We send the request and pass whole pictures to FFmpeg."""

    def __init__(self, address: CameraAddress, new_link: NewLink) -> None:
        self._stream = HttpStream(address, new_link)

    def open(self) -> av.container.InputContainer:
        self._stream.open()
        return av.open(self._stream, "r", format="mpjpeg", options={**PROMPT, "protocol_whitelist": ""})

    def before_read(self, deadline: float) -> None:
        self._stream.deadline = deadline

    def fed(self) -> None:
        self._stream.fed()

    def held_back(self) -> bool:
        return self._stream.single  # the camera took the picture some time before it answered

    def reason(self) -> str:
        return self._stream.refusal

    def abort(self) -> None:
        self._stream.abort()

    def close(self) -> None:
        self._stream.close()


class DeviceFeed:
    """A USB camera (V4L2).

    A device that hangs cannot be interrupted in the kernel. Its thread then waits until the device delivers a picture
    or is unplugged. Nobody waits for the thread, but the device is busy until then.
    """

    def __init__(self, address: CameraAddress) -> None:
        self._path = address.path

    def open(self) -> av.container.InputContainer:
        return av.open(
            self._path,
            format="video4linux2,v4l2",
            # USB 2 carries 1080p at 5 frames a second uncompressed, at 30 as motion JPEG.
            options={**PROMPT, "input_format": "mjpeg"},
            timeout=(OPEN_S, READ_S),
        )

    def before_read(self, deadline: float) -> None:
        """The kernel has no time limit; the reading thread's own applies."""

    def fed(self) -> None:
        """The kernel's buffers are bounded."""

    def held_back(self) -> bool:
        return False

    def reason(self) -> str:
        return ""

    def abort(self) -> None:
        """The feed ends at the next picture."""

    def close(self) -> None:
        """Only the container is open, and the reader closes that."""
