"""A picture of H.264 or H.265 comes out when it is whole, and no byte of the camera's is lost for it."""

import struct
import time
from collections.abc import Callable, Iterator
from random import Random

import numpy as np
import pytest

from app.adapters.cameras.delimiters import TRUSTED, Delimiters
from tests.adapters.cameras.peers import RtspCamera, made_ms, source

SDP = b"RTSP/1.0 200 OK\r\n\r\nm=video 0 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 mp4v-es/9\r\n"
H264 = 96
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n"
WITH_BODY = b"RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n$a\x00\x00b"


def packet(
    sequence: int, time: int, *, marked: bool, kind: int = H264, body: bytes = b"body", channel: int = 0
) -> bytes:
    rtp = struct.pack(">BBHII", 0x80, kind | marked << 7, sequence % 65536, time % (1 << 32), 7) + body
    return struct.pack(">cBH", b"$", channel, len(rtp)) + rtp


def pictures(count: int, first: int = 0, kind: int = H264) -> Iterator[bytes]:
    """Each of three packets, the last of them marked."""
    for i in range(first, first + count):
        for part in range(3):
            yield packet(65500 + 3 * i + part, (1 << 32) - 9000 + 3600 * i, marked=part == 2, kind=kind)


def described() -> Delimiters:
    delimiters = Delimiters()
    delimiters.describe(SDP)
    return delimiters


def packets(data: bytes) -> list[tuple[int, bool, int, bytes]]:
    """(sequence, mark, time, body) of each."""
    found = []
    while data:
        (length,) = struct.unpack_from(">H", data, 2)
        _, kind, sequence, time, _ = struct.unpack_from(">BBHII", data, 4)
        found.append((sequence, bool(kind & 128), time, data[16 : 4 + length]))
        data = data[4 + length :]
    return found


def without_delimiters(data: bytes) -> list[tuple[bool, int, bytes]]:
    return [(mark, time, body) for _, mark, time, body in packets(data) if body != b"\x09\xf0"]


def test_delimiter_follows_each_picture_once_its_markers_are_trusted() -> None:
    delimiters = described()
    out = packets(b"".join(delimiters.pass_on(p) for p in pictures(20)))

    ends = [i for i, (_, mark, _, _) in enumerate(out) if mark]
    follow = [out[i + 1][3] == b"\x09\xf0" if i + 1 < len(out) else False for i in ends]
    assert follow == [False] * TRUSTED + [True] * (20 - TRUSTED)
    # Without a gap, and no two pictures' times the same.
    assert [s for s, *_ in out] == [(65500 + i) % 65536 for i in range(len(out))]
    assert len({time for _, mark, time, body in out if mark or body == b"\x09\xf0"}) == 20 + 20 - TRUSTED
    assert delimiters.prompt


def test_no_byte_is_lost_however_packets_are_split() -> None:
    stream = list(pictures(30))
    text = iter([ANSWER, WITH_BODY])
    whole = b"".join(p + (next(text) if i in (31, 62) else b"") for i, p in enumerate(stream))
    plain = without_delimiters(b"".join(stream))
    reference = described().pass_on(whole)
    for seed in range(20):
        chance, at, delimiters, out = Random(seed), 0, described(), b""
        while at < len(whole):
            size = chance.choice((1, 2, 3, 5, 16, 40, 400))
            out += delimiters.pass_on(whole[at : at + size])
            at += size
        assert out == reference
    for words in (ANSWER, WITH_BODY):
        assert words in reference
        reference = reference.replace(words, b"")
    assert without_delimiters(reference) == plain


def test_stream_with_markers_inside_pictures_is_unchanged() -> None:
    delimiters = described()
    for p in pictures(12):
        delimiters.pass_on(p)
    assert delimiters.prompt

    # Then each slice of a picture has a mark.
    lying = [packet(300 + i, 900_000 + 3600 * (i // 4), marked=True) for i in range(80)]
    out = packets(b"".join(delimiters.pass_on(p) for p in lying))

    assert sum(body == b"\x09\xf0" for *_, body in out) == 1  # after the first, which nobody could know
    assert not delimiters.prompt
    assert [s for s, *_ in out] == list(range(out[0][0], out[0][0] + 81))


@pytest.mark.parametrize("kind", [97, 26, 72])
def test_other_codecs_are_unchanged(kind: int) -> None:
    stream = b"".join(pictures(20, kind=kind))
    delimiters = described()
    assert delimiters.pass_on(stream) == stream
    assert delimiters.prompt is (kind == 26)  # motion JPEG's pictures come out at the mark


def test_stream_without_markers_is_unchanged() -> None:
    stream = b"".join(packet(i, 3600 * (i // 3), marked=False) for i in range(90))
    delimiters = described()
    assert delimiters.pass_on(stream) == stream and not delimiters.prompt


@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_passed_on_unchanged(seed: int) -> None:
    delimiters = described()
    for p in pictures(12):
        delimiters.pass_on(p)
    garbage = bytes(b for b in Random(seed).randbytes(200_000) if b != ord("$"))
    out = b"".join(delimiters.pass_on(garbage[i : i + 1400]) for i in range(0, len(garbage), 1400))
    assert out == garbage and not delimiters.prompt


def test_missing_bytes_hold_back_at_most_one_packet() -> None:
    delimiters = described()
    assert delimiters.pass_on(b"$\x00\xff\xff" + bytes(1000)) == b""
    assert len(delimiters.pass_on(bytes(70_000))) >= 65_539


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_picture_does_not_wait_for_the_next_one(rtsp: Callable[..., RtspCamera], codec: str) -> None:
    camera = rtsp("--codec", codec, "--size", "640x368")
    eye = source(camera.url)
    waited_ms, stamped_ms = [], []
    try:
        for _ in range(30):
            assert eye.read() is not None
        camera.tell("fps 3")  # two a second would be a silence to the source: it dates what comes after one to before
        for _ in range(9):
            got = eye.read()
            assert got is not None
            made = made_ms(got[0])
            waited_ms.append(time.time() * 1000 - made)
            stamped_ms.append(got[1].timestamp() * 1000 - made)
    finally:
        eye.close()
    # The next one comes after 333 ms; encoding takes some of the time on a busy machine.
    assert np.median(waited_ms) < 200, waited_ms
    assert abs(np.median(stamped_ms)) < 200, stamped_ms
