"""The other ends: real cameras for the tests, well-behaved and not."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, create_server, socket
from typing import Any, Self

import av
import numpy as np
import pytest

from app.adapters.cameras.sources import CameraSource, open_source
from app.core.errors import SourceFailed
from app.core.types import Pixels
from tests.waiting import pass_time

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
BITS = 48


def clock() -> datetime:
    return datetime.now(UTC)


def made_ms(pixels: Pixels) -> int:
    """The wall-clock time, in ms, at which rtsp_server.py made this picture."""
    row, column = pixels[pixels.shape[0] // 2, :, 1], pixels.shape[1] // BITS
    return sum(1 << bit for bit in range(BITS) if row[bit * column + column // 2] > 128)


class RtspCamera:
    """GStreamer's RTSP server in a process of its own; killed as a power cut would."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.port = "0"
        self.plug_in()

    def plug_in(self) -> None:
        """Starts, at the same port as before."""
        command = [SYSTEM_PYTHON, str(HERE / "rtsp_server.py"), "--port", self.port, *self._arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()
        assert self.port, "the RTSP server did not start"

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/stream"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


def jpeg(pixels: Pixels) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = pixels.shape[1], pixels.shape[0], "yuvj420p"
    frame = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuvj420p")
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def noise(seed: int, width: int = 160, height: int = 120) -> Pixels:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


Handle = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web(handle: Handle) -> Iterator[int]:
    """An HTTP server that answers every GET with `handle`; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with suppress(OSError):
                handle(self)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def motion_jpeg(pictures: Iterator[bytes], *, every_s: float = 0.04, length: bool = True) -> Handle:
    """Sends pictures as an MJPEG camera does, chunk by chunk."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.send_header("Connection", "close")
        request.end_headers()
        for picture in pictures:
            size = f"Content-Length: {len(picture)}\r\n" if length else ""
            head = f"--frame\r\nContent-Type: image/jpeg\r\n{size}\r\n"
            request.wfile.write(head.encode() + picture + b"\r\n")
            pass_time(every_s)

    return handle


@contextmanager
def rude(behave: Callable[[socket], object]) -> Iterator[int]:
    """A TCP server that does `behave` with every connection, each in a thread; yields its port."""
    listener = create_server(("127.0.0.1", 0))
    open_now: list[socket] = []

    def one(connection: socket) -> None:
        try:
            behave(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_now.append(connection)
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in open_now:
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue


def write_video(path: Path, pictures: list[Pixels], fps: int = 25) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "10"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


SECRETS = ("s3cr-t", "alice", "hidden-path", "127.0.0.1")


def source(url: str) -> CameraSource:
    return open_source(url, allow_local=True, clock=clock)


def failure(url: str) -> tuple[str, tuple[str, ...]]:
    """Why a source fails, and the decoder's last words; every trace of it is searched for secrets."""
    camera = source(url)
    try:
        with pytest.raises(SourceFailed) as failed:
            while True:
                camera.read()
        chain: BaseException | None = failed.value
        while chain is not None:
            assert not [secret for secret in SECRETS if secret in f"{chain!r}"]
            chain = chain.__cause__ or chain.__context__
        assert not [secret for secret in SECRETS if secret in " ".join(camera.decoder_messages)]
        return str(failed.value), camera.decoder_messages
    finally:
        camera.close()
