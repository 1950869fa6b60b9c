"""HTTP cameras as they are: without boundaries, with part types of their own, and with one picture a request."""

import itertools
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import numpy as np
import pytest

from app.core.errors import SourceFailed
from tests.adapters.cameras.peers import failure, jpeg, source, web
from tests.waiting import pass_time

PICTURES = [jpeg(np.full((48, 64, 3), 20 * i, np.uint8)) for i in range(10)]


def sends(content_type: str, before: str, behind: str = "\r\n", *, first: str = "") -> Callable[..., None]:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", content_type)
        request.end_headers()
        request.wfile.write(first.encode())
        for picture in PICTURES * 20:
            request.wfile.write(before.replace("LENGTH", str(len(picture))).encode() + picture + behind.encode())
            pass_time(0.02)

    return handle


MULTIPART = "multipart/x-mixed-replace; boundary="
TYPE = "Content-Type: image/jpeg\r\n"
ODD = {
    "no first boundary": sends(f"{MULTIPART}frame", f"{TYPE}Content-Length: LENGTH\r\n\r\n", "\r\n--frame\r\n"),
    "image/jpg": sends(f"{MULTIPART}frame", "--frame\r\nContent-Type: image/jpg\r\nContent-Length: LENGTH\r\n\r\n"),
    "size in the type": sends(f"{MULTIPART}frame", "--frame\r\nContent-Type: image/jpeg;size=LENGTH\r\n\r\n"),
    "a preamble": sends(f"{MULTIPART}frame", f"--frame\r\n{TYPE}\r\n", first="Welcome.\r\n\r\nTo the camera\r\n"),
    "no dashes": sends(f"{MULTIPART}frame", f"frame\r\n{TYPE}Content-Length: LENGTH\r\n\r\n"),
    "quoted": sends(f'{MULTIPART}"my frame"', f"--my frame\r\n{TYPE}\r\n"),
    "dashes in the header": sends(f"{MULTIPART}--frame", f"--frame\r\n{TYPE}Content-Length: LENGTH\r\n\r\n"),
    "more dashes": sends(f"{MULTIPART}--frame", f"----frame\r\n{TYPE}\r\n"),
    "no boundary named": sends("multipart/x-mixed-replace", f"--x\r\n{TYPE}\r\n"),
    "LF lines": sends(f"{MULTIPART}frame", "--frame\nContent-Type: image/jpeg\nContent-Length: LENGTH\n\n", "\n"),
    "no part headers": sends(f"{MULTIPART}frame", "--frame\r\n\r\n"),
    "a wrong length": sends(f"{MULTIPART}frame", f"--frame\r\n{TYPE}Content-Length: 17\r\n\r\n"),
    "one picture after the other": sends("video/x-motion-jpeg", "", ""),
    "without end": sends("image/jpeg", "", ""),
}


@pytest.mark.parametrize("name", ODD)
def test_pictures_are_found_as_browsers_find_them(name: str) -> None:
    with web(ODD[name]) as port:
        camera = source(f"http://127.0.0.1:{port}/")
        shades = {round(int(cast(Any, camera.read())[0].mean()) / 20) for _ in range(12)}
        camera.close()
    assert len(shades) >= 8


class Snapshots:
    """A camera that answers each request with its newest picture; counts requests and connections."""

    def __init__(self, fps: float, *, keep_alive: bool = True, login: str = "", frozen: bool = False) -> None:
        self.requests = self.connections = 0
        began = time.monotonic()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"

            def setup(handler) -> None:
                self.connections += 1
                super().setup()

            def do_GET(handler) -> None:
                self.requests += 1
                if login and handler.headers.get("Authorization") != login:
                    handler.send_response(401)
                    handler.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    handler.send_header("Content-Length", "0")
                    handler.end_headers()
                    return
                number = 1 if frozen else int((time.monotonic() - began) * fps)
                picture = PICTURES[number % 10]
                handler.send_response(200)
                handler.send_header("Content-Type", "image/jpeg")
                handler.send_header("Content-Length", str(len(picture)))
                handler.end_headers()
                handler.wfile.write(picture)

            def log_message(handler, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://{'alice:s3cr-t@' if login else ''}127.0.0.1:{self._server.server_port}/hidden-path"

    def __enter__(self) -> "Snapshots":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_snapshots_reuse_one_connection() -> None:
    with Snapshots(fps=4) as site:
        camera = source(site.url)
        got = [camera.read() for _ in range(5)]
        camera.close()
    shades = [round(int(pixels.mean()) / 20) for pixels, _ in got]
    assert all(a != b for a, b in itertools.pairwise(shades)), "a picture seen before is no new one"
    stamps = [at for _, at in got]
    assert stamps == sorted(stamps)
    assert site.connections == 1 and site.requests > 5


@pytest.mark.parametrize("login", ["", "Basic YWxpY2U6czNjci10"])
def test_snapshot_camera_that_closes_each_connection(login: str) -> None:
    with Snapshots(fps=8, keep_alive=False, login=login) as site:
        camera = source(site.url)
        assert len([camera.read() for _ in range(3)]) == 3
        camera.close()


def test_unchanged_snapshot_is_reported() -> None:
    with Snapshots(fps=8, frozen=True) as site:
        camera, read = source(site.url), 0
        with pytest.raises(SourceFailed, match="the same picture again and again"):
            while read < 2:
                camera.read()
                read += 1
        assert read <= 1
        camera.close()


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "image/png", "application/json"])
def test_address_without_a_camera_is_reported(content_type: str) -> None:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", content_type)
        request.end_headers()
        request.wfile.write(b"<html>")

    with web(page) as port:
        assert "neither a motion JPEG stream nor a JPEG" in failure(f"http://127.0.0.1:{port}/")[0]


def test_stream_without_a_picture_is_reported() -> None:
    with web(sends("multipart/x-mixed-replace; boundary=x", "--x\r\n")) as port:
        camera = source(f"http://127.0.0.1:{port}/")
        camera.read()
        camera.close()

    def words(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
        request.end_headers()
        request.wfile.write(b"--x\r\nContent-Type: image/jpeg\r\n\r\nnothing" * 50)

    with web(words) as port:
        assert failure(f"http://127.0.0.1:{port}/")[0] == "the camera sends no whole JPEG"
