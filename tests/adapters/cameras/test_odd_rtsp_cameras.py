"""RTSP cameras whose answers are written in ways that FFmpeg reads: LF alone, folded lines, odd names."""

import re
import select
from collections.abc import Callable
from socket import create_connection, socket

import pytest

from app.adapters.cameras.delimiters import Delimiters
from tests.adapters.cameras.peers import RtspCamera, failure, rude, source

Rewrite = Callable[[bytes], bytes]


def lf(head: bytes) -> bytes:
    return head.replace(b"\r\n", b"\n")


def folded(head: bytes) -> bytes:
    return re.sub(rb"\r\nCSeq: ", b"\r\nServer: Rude\r\n RTSP/1.0\r\n\tand more\r\nCSeq: ", head)


def odd_names(head: bytes) -> bytes:
    return head.replace(b"\r\nCSeq: ", b"\r\nX_Odd.Name~1: yes\r\n!#$%&'*+.^`|: token\r\nCSeq : ")


def noise(head: bytes) -> bytes:
    return head.replace(b"\r\nCSeq: ", b"\r\nno header at all\r\nX-Umlaut: M\xfcller\r\nCSeq: ")


WAYS: dict[str, Rewrite] = {
    "as it is": lambda head: head,
    "LF": lf,
    "folded": folded,
    "folded LF": lambda head: lf(folded(head)),
    "odd names": odd_names,
    "noise": noise,
    "CR CR LF": lambda head: head.replace(b"\r\n", b"\r\r\n"),
}


def between(port: int, rewrite: Rewrite) -> Callable[[socket], None]:
    """Passes on what client and camera say; every answer of the camera is rewritten, also among the packets."""

    def behave(client: socket) -> None:
        with create_connection(("127.0.0.1", port)) as camera:
            while True:
                for ready in select.select([client, camera], [], [])[0]:
                    data = ready.recv(262_144)
                    if not data:
                        return
                    if ready is client:
                        camera.sendall(data)
                    elif data.startswith(b"RTSP/"):
                        head, blank, rest = data.partition(b"\r\n\r\n")
                        client.sendall(rewrite(head + blank) + rest)
                    else:
                        client.sendall(data)

    return behave


@pytest.mark.parametrize("way", WAYS)
def test_answers_are_read_as_ffmpeg_reads_them(way: str, rtsp: Callable[..., RtspCamera]) -> None:
    with rude(between(int(rtsp().port), WAYS[way])) as port:
        camera = source(f"rtsp://127.0.0.1:{port}/stream")
        assert len([camera.read() for _ in range(5)]) == 5
        camera.close()


@pytest.mark.parametrize("hidden", [b"Lo\rcation: rtsp://x", b"X: y\r\n Location: rtsp://x", b"Location : rtsp://x"])
@pytest.mark.parametrize("status", [b"302 Moved", b" 302", b"301 \xfc"])
def test_redirect_is_refused_however_it_is_written(hidden: bytes, status: bytes) -> None:
    for end in (b"\r\n", b"\n"):
        answer = b"RTSP/1.0 " + status + end + b"CSeq: 1" + end + hidden + end + end
        with rude(lambda connection, answer=answer: connection.recv(9999) and connection.sendall(answer)) as port:  # type: ignore[misc]
            words, _ = failure(f"rtsp://127.0.0.1:{port}/stream")
        assert words == "the camera redirects to another address; set that one if it is right"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_text_between_packets_ends_where_ffmpeg_ends_it(end: bytes) -> None:
    body = end.join((b"RTSP/1.0 200 OK", b"Content-Length: 5", b"CSeq: 7", b"", b"$a\0\0b"))
    packet = b"$\0\0\4abcd"
    delimiters = Delimiters()
    assert b"".join(delimiters.pass_on(bytes([byte])) for byte in body + packet + body) == body + packet + body
