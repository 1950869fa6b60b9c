"""Pictures are found from start marker to end marker, in whatever pieces and dress they come."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.cameras.jpeg_splitter import JpegSplitter
from tests.adapters.cameras.peers import jpeg, noise

PICTURES = [jpeg(noise(seed, 48, 48)) for seed in range(3)]
THUMBNAIL = b"\xff\xe1" + (len(PICTURES[0]) + 2).to_bytes(2, "big") + PICTURES[0]
WITH_THUMBNAIL = PICTURES[1][:2] + THUMBNAIL + PICTURES[1][2:]

DRESS = {
    "bare": (b"", b""),
    "no length": (b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", b"\r\n"),
    "image/jpg": (b"--frame\r\nContent-Type: image/jpg\r\nContent-Length: 5\r\n\r\n", b"\r\n"),
    "size in the type": (b"--frame\nContent-Type: image/jpeg;size=7\n\n", b"\n"),
    "boundary without dashes": (b"frame\r\nContent-type: image/jpeg\r\n\r\n", b"\r\n"),
    "headers alone": (b"Content-Type: image/jpeg\r\n\r\n", b""),
    "padding": (b"\0" * 100, b"\0" * 100),
}


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    splitter, found = JpegSplitter(), []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        splitter.feed(data[start:end])
        while (picture := splitter.take()) is not None:
            found.append(picture)
    return found


@pytest.mark.parametrize("dress", DRESS)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_complete_pictures_are_found_amid_other_bytes(dress: str, cuts: list[int]) -> None:
    before, behind = DRESS[dress]
    sent = [PICTURES[0], WITH_THUMBNAIL, PICTURES[2]]
    preamble = b"This is a multipart message.\r\n\r\n\xff\xd8 no picture \xff\xd9"
    assert split(preamble + b"".join(before + picture + behind for picture in sent), cuts) == sent


@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_single_byte_reads_and_a_truncated_picture(cuts: list[int]) -> None:
    half = b"\r\n--frame\r\n\r\n" + PICTURES[0][: len(PICTURES[0]) // 2]
    found = split(PICTURES[1] + half + b"\r\n--frame\r\n\r\n" + PICTURES[2], cuts)
    assert found[0] == PICTURES[1] and found[-1] == PICTURES[2] and len(found) <= 3


def test_stream_without_end_markers_is_split_at_boundaries() -> None:
    part = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
    bare = [picture[:-2] for picture in PICTURES]
    splitter = JpegSplitter()
    splitter.feed(part + part.join(bare))
    assert [splitter.take(), splitter.take(), splitter.take()] == [*bare[:2], None]
    splitter.end()
    assert splitter.take() == bare[2]


@given(st.binary(max_size=2000), st.binary(max_size=50))
def test_arbitrary_bytes_raise_nothing(data: bytes, more: bytes) -> None:
    splitter = JpegSplitter()
    for piece in (data, b"\xff\xd8\xff", more, b"\xff\xd8\xff\xda\0\2", data):
        splitter.feed(piece)
    splitter.end()


@given(st.integers(1, 5000))
def test_every_picture_of_a_long_stream_is_found_whatever_the_size_of_a_read(size: int) -> None:
    data = b"\r\n".join(PICTURES * 5)
    assert split(data, list(range(0, len(data), size))) == PICTURES * 5
