"""Live cameras over real connections: seen, in time, and what is wrong with them is said without secrets."""

import gc
import itertools
import logging
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socket import socket

import numpy as np
import psutil
import pytest

from app.adapters.cameras.sources import CameraSource, open_source
from app.core.errors import SourceFailed
from tests.adapters.cameras.peers import RtspCamera, clock, jpeg, made_ms, motion_jpeg, noise, rude, web

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
        assert not [secret for secret in SECRETS if secret in " ".join(camera.last_words)]
        return str(failed.value), camera.last_words
    finally:
        camera.close()


def answers(status: int, *headers: tuple[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for header in headers:
            request.send_header(*header)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return handle


def test_an_rtsp_camera_gives_pictures_with_the_time_they_were_received(rtsp: Callable[..., RtspCamera]) -> None:
    camera = source(rtsp().url)
    try:
        seen = [camera.read() for _ in range(20)][5:]
    finally:
        camera.close()
    for got in seen:
        assert got is not None
        pixels, captured_at = got
        assert pixels.shape == (240, 320, 3)
        assert pixels.dtype == np.uint8
        assert abs(captured_at.timestamp() * 1000 - made_ms(pixels)) < 250


@pytest.mark.parametrize("way", ["basic", "digest"])
def test_a_camera_is_logged_in_to_and_a_wrong_password_is_named(rtsp: Callable[..., RtspCamera], way: str) -> None:
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
def test_a_motion_jpeg_camera_gives_its_pictures(length: bool) -> None:
    pictures = [jpeg(noise(seed)) for seed in range(40)]
    with web(motion_jpeg(iter(pictures), every_s=0.02, length=length)) as port:
        camera = source(f"http://127.0.0.1:{port}/video")
        seen = [camera.read() for _ in range(30)]
        camera.close()
    assert all(got is not None and got[0].shape == (120, 160, 3) for got in seen)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_motion_jpeg_camera_is_logged_in_to_with_digest(algorithm: str) -> None:
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


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_redirect_is_refused_and_not_followed(scheme: str) -> None:
    visited: list[bytes] = []
    with rude(lambda other: visited.append(other.recv(1))) as elsewhere:
        target = f"{scheme}://127.0.0.1:{elsewhere}/x"

        def redirect(connection: socket) -> None:
            while request := connection.recv(4096):
                sequence = re.search(rb"CSeq: (\d+)", request)
                number = sequence[1].decode() if sequence else "0"
                version = "RTSP/1.0" if scheme == "rtsp" else "HTTP/1.1"
                public = request.startswith(b"OPTIONS")
                status = "200 OK\r\nPublic: DESCRIBE" if public else f"302 Moved\r\nLocation: {target}"
                connection.sendall(f"{version} {status}\r\nCSeq: {number}\r\nContent-Length: 0\r\n\r\n".encode())

        with rude(redirect) as port:
            words, _ = failure(f"{scheme}://alice:s3cr-t@127.0.0.1:{port}/hidden-path")
    assert words == "the camera sends us on to another address; set that one if it is right"
    assert not visited


RUDE: dict[str, Callable[[socket], None]] = {
    "says nothing": lambda connection: threading.Event().wait(9) and None,
    "hangs up": lambda connection: None,
    "sends garbage": lambda connection: connection.sendall(bytes(range(256)) * 4000),
    "trickles": lambda connection: (
        [connection.sendall(byte.to_bytes()) or threading.Event().wait(0.3) for byte in b"RTSP/1.0 200 OK\r\n" * 2]
        and None
    ),
    "promises too much": lambda connection: connection.sendall(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
    "hides a redirect": lambda connection: connection.sendall(
        b"$\0\0\4abcdRTSP/1.0 302 Moved\r\nLocation: rtsp://x\r\n\r\n"
    ),
}


def test_every_rude_camera_is_given_up_within_five_seconds() -> None:
    """All at once: each is allowed its five seconds."""
    cases = [(scheme, name) for scheme in ("rtsp", "http") for name in RUDE]
    took: dict[tuple[str, str], tuple[float, str]] = {}

    def one(scheme: str, name: str) -> None:
        with rude(RUDE[name]) as port:
            began = time.monotonic()
            words, _ = failure(f"{scheme}://alice:s3cr-t@127.0.0.1:{port}/hidden-path")
            took[scheme, name] = (time.monotonic() - began, words)

    threads = [threading.Thread(target=one, args=case) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(took) == set(cases)
    assert not {case: took[case] for case in cases if took[case][0] > 5}


def test_pictures_that_are_no_pictures_fail_and_one_spoilt_one_does_not() -> None:
    good, spoilt = jpeg(noise(1)), bytes(range(256)) * 20
    with web(motion_jpeg(itertools.chain([good, spoilt, spoilt], itertools.repeat(good, 30)), every_s=0.01)) as port:
        camera = source(f"http://127.0.0.1:{port}/")
        assert [camera.read() for _ in range(10)]
        camera.close()
    with web(motion_jpeg(itertools.repeat(spoilt, 50), every_s=0.01)) as port:
        assert failure(f"http://127.0.0.1:{port}/")[0]


def test_a_picture_that_claims_to_be_huge_is_refused_before_it_costs_memory() -> None:
    honest = jpeg(noise(1))
    start = honest.index(b"\xff\xc0")
    huge = honest[: start + 5] + (8000).to_bytes(2, "big") * 2 + honest[start + 9 :]
    before = psutil.Process().memory_info().rss
    with web(motion_jpeg(itertools.repeat(huge, 50), every_s=0.01)) as port:
        failure(f"http://127.0.0.1:{port}/")
    assert psutil.Process().memory_info().rss - before < 60_000_000


def test_nothing_at_the_port_and_an_unknown_host_are_told_apart() -> None:
    with rude(lambda _: None) as port:
        pass
    assert "nothing answers" in failure(f"rtsp://127.0.0.1:{port}/hidden-path")[0]

    def unknown(name: str, port: int) -> list[str]:
        raise OSError("alice")

    camera = open_source("rtsp://nowhere.example/", allow_local=False, clock=clock, resolver=unknown)
    with pytest.raises(SourceFailed, match="host name is not known"):
        camera.read()
    camera.close()
    camera = open_source("rtsp://cam.example/", allow_local=False, clock=clock, resolver=lambda *_: ["169.254.169.254"])
    with pytest.raises(SourceFailed, match="metadata"):
        camera.read()
    camera.close()


def test_logs_hold_no_secret_and_last_words_say_something(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with web(motion_jpeg(itertools.repeat(b"\xff\xd8\xff\xe0" + bytes(500), 20), every_s=0.01)) as port:
        _, last_words = failure(f"http://alice:s3cr-t@127.0.0.1:{port}/hidden-path")
    assert last_words
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_close_ends_a_read_that_waits() -> None:
    with rude(lambda connection: threading.Event().wait(9) and None) as port:
        for scheme in ("rtsp", "http"):
            camera = source(f"{scheme}://127.0.0.1:{port}/")
            closing = threading.Timer(0.3, camera.close)
            closing.start()
            began = time.monotonic()
            with pytest.raises(SourceFailed):
                camera.read()
            assert time.monotonic() - began < 1.3
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
    deadline = time.monotonic() + 2
    while (me.num_fds(), me.num_threads()) > before and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert me.num_fds() <= before[0]
    assert me.num_threads() <= before[1]
