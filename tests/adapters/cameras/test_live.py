"""Live cameras over real connections: seen, in time, and what is wrong with them is said without secrets."""

import gc
import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import numpy as np
import psutil
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.adapters.cameras.decode import pictures
from app.adapters.cameras.sources import open_source
from app.core.errors import SourceFailed
from app.core.types import Pixels
from tests.adapters.cameras.peers import (
    RtspCamera,
    clock,
    failure,
    jpeg,
    made_ms,
    motion_jpeg,
    noise,
    rude,
    source,
    web,
)
from tests.waiting import eventually, pass_time


def answers(status: int, *headers: tuple[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for header in headers:
            request.send_header(*header)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return handle


def test_rtsp_camera_gives_pictures_with_the_time_they_were_received(rtsp: Callable[..., RtspCamera]) -> None:
    camera = source(rtsp().url)
    try:
        seen = [camera.read() for _ in range(20)][5:]
    finally:
        camera.close()
    for pixels, _ in seen:
        assert pixels.shape == (240, 320, 3)
        assert pixels.dtype == np.uint8
    off_ms = [captured_at.timestamp() * 1000 - made_ms(pixels) for pixels, captured_at in seen]
    assert abs(np.median(off_ms)) < 250, off_ms


@pytest.mark.parametrize("way", ["basic", "digest"])
def test_rtsp_login_works_and_a_wrong_password_is_named(rtsp: Callable[..., RtspCamera], way: str) -> None:
    camera = rtsp("--auth", way, "--user", "alice@door", "--password", "s3cr-t:/")
    good = source(camera.url.replace("//", "//alice%40door:s3cr-t%3A%2F@"))
    assert good.read() is not None
    good.close()
    words, _ = failure(camera.url.replace("//", "//alice%40door:s3cr-t-not@"))
    assert words == "the camera refuses the user name or password"
    words, _ = failure(camera.url.replace("stream", "hidden-path").replace("//", "//alice%40door:s3cr-t%3A%2F@"))
    assert words == "the camera has no stream under this path"


def test_colours_arrive_as_blue_green_red() -> None:
    blue = np.zeros((120, 160, 3), np.uint8)
    blue[..., 0] = 255
    with web(motion_jpeg(itertools.repeat(jpeg(blue), 20))) as port:
        camera = source(f"http://127.0.0.1:{port}/")
        got = camera.read()
        camera.close()
    assert got is not None
    assert got[0].reshape(-1, 3).mean(axis=0) == pytest.approx([255, 0, 0], abs=8)


@pytest.mark.parametrize("length", [True, False], ids=["with lengths", "boundaries only"])
def test_motion_jpeg_camera_gives_its_pictures(length: bool) -> None:
    pictures = [jpeg(noise(seed)) for seed in range(40)]
    with web(motion_jpeg(iter(pictures), every_s=0.02, length=length)) as port:
        camera = source(f"http://127.0.0.1:{port}/video")
        seen = [camera.read() for _ in range(30)]
        camera.close()
    assert all(got is not None and got[0].shape == (120, 160, 3) for got in seen)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_motion_jpeg_digest_login_works(algorithm: str) -> None:
    asked: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers.get("Authorization", ""))
        if not asked[-1]:
            challenge = f'Digest realm="cam", nonce="n1", qop="auth", algorithm={algorithm}'
            answers(401, ("WWW-Authenticate", 'Basic realm="cam"'), ("WWW-Authenticate", challenge))(request)
        else:
            motion_jpeg(itertools.repeat(jpeg(noise(1)), 5))(request)

    with web(handle) as port:
        camera = source(f"http://alice:s3cr-t@127.0.0.1:{port}/video?x=1")
        assert camera.read() is not None
        camera.close()
    fields = dict(re.findall(r'(\w+)="?([^",]+)', asked[1]))
    assert asked[1].startswith("Digest ")
    assert (fields["username"], fields["uri"], fields["qop"]) == ("alice", "/video?x=1", "auth")
    assert len(fields["response"]) == (32 if algorithm == "MD5" else 64)
    assert "s3cr-t" not in asked[1]


def test_decoder_that_cannot_keep_up_neither_falls_behind_nor_makes_old_pictures_look_new(
    rtsp: Callable[..., RtspCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(packet: "Packet[VideoStream]") -> "Iterator[tuple[VideoFrame, Pixels]]":
        pass_time(0.2)  # five pictures' time each
        return pictures(packet)

    monkeypatch.setattr("app.adapters.cameras.live.pictures", slowly)
    camera = source(rtsp().url)
    off_ms, behind_ms = [], []
    try:
        for _ in range(20):
            pixels, captured_at = camera.read()
            made = made_ms(pixels)
            off_ms.append(captured_at.timestamp() * 1000 - made)
            behind_ms.append(clock().timestamp() * 1000 - made)
    finally:
        camera.close()
    # Of the later half, in which a queue would have grown to two seconds and more.
    assert abs(np.median(off_ms[10:])) < 300, off_ms
    assert np.median(behind_ms[10:]) < 1100, behind_ms


def test_connection_goes_to_the_address_that_was_checked() -> None:
    """The name leads to this machine only in the check: nobody else could have looked it up."""
    with web(motion_jpeg(itertools.repeat(jpeg(noise(1)), 9))) as port:
        url = f"http://cam.invalid:{port}/"
        camera = open_source(url, allow_local=True, clock=clock, resolver=lambda *_: ["127.0.0.1"])
        assert camera.read() is not None
        camera.close()


def test_missing_device_is_named() -> None:
    assert failure("device:63")[0] == "there is no such device or file"


def test_close_ends_a_waiting_read() -> None:
    with rude(lambda connection: pass_time(9)) as port:
        for scheme in ("rtsp", "http"):
            camera = source(f"{scheme}://127.0.0.1:{port}/")
            closing = threading.Timer(0.3, camera.close)
            closing.start()
            began = time.monotonic()
            with pytest.raises(SourceFailed):
                camera.read()
            assert time.monotonic() - began < 3  # by itself it would wait for four
            closing.join()


def test_twenty_connections_leave_no_thread_and_no_socket(rtsp: Callable[..., RtspCamera]) -> None:
    camera, me = rtsp(), psutil.Process()

    def once(url: str) -> None:
        eye = source(url)
        assert eye.read() is not None
        eye.close()
        eye.close()

    with web(motion_jpeg(itertools.repeat(jpeg(noise(1))), every_s=0.02)) as port:
        once(camera.url)
        once(f"http://127.0.0.1:{port}/")
    gc.collect()
    before = me.num_fds(), me.num_threads()
    for _ in range(20):
        once(camera.url)
    with web(motion_jpeg(itertools.repeat(jpeg(noise(1))), every_s=0.02)) as port:
        for _ in range(20):
            once(f"http://127.0.0.1:{port}/")
    gc.collect()
    eventually(lambda: me.num_fds() <= before[0])
    eventually(lambda: me.num_threads() <= before[1])
