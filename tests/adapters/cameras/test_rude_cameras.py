"""Cameras that lie, hang, redirect or send garbage: refused in time, in own words, without a secret."""

import itertools
import logging
import re
import threading
import time
from collections.abc import Callable
from socket import socket

import psutil
import pytest

from app.adapters.cameras.sources import open_source
from app.core.errors import SourceFailed
from tests.adapters.cameras.peers import SECRETS, clock, failure, jpeg, motion_jpeg, noise, rude, source, web
from tests.waiting import pass_time


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_redirect_is_refused_and_not_followed(scheme: str) -> None:
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
    assert words == "the camera redirects to another address; set that one if it is right"
    assert not visited


def trickle_for_ever(connection: socket) -> None:
    """Every line of the answer's head comes in time; the head never ends."""
    version = b"RTSP/1.0" if b"RTSP/" in connection.recv(4096) else b"HTTP/1.1"
    connection.sendall(version + b" 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        pass_time(0.2)


RUDE: dict[str, Callable[[socket], object]] = {
    "says nothing": lambda connection: pass_time(9),
    "hangs up": lambda connection: None,
    "sends garbage": lambda connection: connection.sendall(bytes(range(256)) * 4000),
    "trickles": lambda connection: (
        [connection.sendall(byte.to_bytes()) or pass_time(0.3) for byte in b"RTSP/1.0 200 OK\r\n" * 2] and None
    ),
    "trickles for ever": trickle_for_ever,
    "promises too much": lambda connection: connection.sendall(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
    "hides a redirect": lambda connection: connection.sendall(
        b"$\0\0\4abcdRTSP/1.0 302 Moved\r\nLocation: rtsp://x\r\n\r\n"
    ),
}


def test_misbehaving_camera_is_given_up_within_five_seconds() -> None:
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


def test_invalid_pictures_fail_and_a_single_damaged_one_does_not() -> None:
    good, spoilt = jpeg(noise(1)), bytes(range(256)) * 20
    with web(motion_jpeg(itertools.chain([good, spoilt, spoilt], itertools.repeat(good, 30)), every_s=0.01)) as port:
        camera = source(f"http://127.0.0.1:{port}/")
        assert [camera.read() for _ in range(10)]
        camera.close()
    with web(motion_jpeg(itertools.repeat(spoilt, 50), every_s=0.01)) as port:
        assert failure(f"http://127.0.0.1:{port}/")[0]


def test_huge_picture_is_refused_before_memory_is_allocated() -> None:
    honest = jpeg(noise(1))
    start = honest.index(b"\xff\xc0")
    huge = honest[: start + 5] + (8000).to_bytes(2, "big") * 2 + honest[start + 9 :]
    before = psutil.Process().memory_info().rss
    with web(motion_jpeg(itertools.repeat(huge, 50), every_s=0.01)) as port:
        failure(f"http://127.0.0.1:{port}/")
    assert psutil.Process().memory_info().rss - before < 60_000_000


def test_closed_port_and_unknown_host_have_different_errors() -> None:
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


def test_logs_hold_no_secret_and_decoder_messages_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spoilt = b"\xff\xd8\xff\xdb\0\4ab\xff\xda\0\3c" + bytes(500) + b"\xff\xd9"
    with web(motion_jpeg(itertools.repeat(spoilt, 20), every_s=0.01)) as port:
        _, decoder_messages = failure(f"http://alice:s3cr-t@127.0.0.1:{port}/hidden-path")
    assert decoder_messages
    assert not [secret for secret in SECRETS if secret in caplog.text]
