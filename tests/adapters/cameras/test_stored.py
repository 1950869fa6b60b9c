"""Recordings are played as a camera would give them, or as fast as they are looked at."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.adapters.cameras.sources import open_source
from app.core.errors import SourceFailed
from app.core.types import Pixels
from tests.adapters.cameras.peers import clock, noise, write_video


def grey(level: int) -> Pixels:
    return np.full((120, 160, 3), level, np.uint8)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "approach with: odd%20name.mp4", [grey(level) for level in range(20, 220, 20)])


def levels(url: str, count: int, *, fast: bool = True, loop: bool = False, fps: float = 10.0) -> list[int]:
    source = open_source(url + "#fast" * fast, allow_local=True, clock=clock, loop=loop, fps=fps)
    found = []
    for _ in range(count):
        got = source.read()
        if got is None:
            break
        found.append(round(float(got[0].mean()) / 20) * 20)
    source.close()
    return found


def address(path: Path) -> str:
    return f"file:{str(path).replace('%', '%25').replace(' ', '%20')}"


def test_video_is_read_to_its_end_in_order(video: Path) -> None:
    assert levels(address(video), 99) == list(range(20, 220, 20))


def test_looping_video_restarts(video: Path) -> None:
    assert levels(address(video), 25, loop=True) == [*range(20, 220, 20), *range(20, 220, 20), 20, 40, 60, 80, 100]


def test_video_plays_at_its_own_rate(video: Path) -> None:
    began = time.monotonic()
    assert len(levels(address(video), 10, fast=False)) == 10
    assert 0.35 < time.monotonic() - began < 3


def test_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name, level in (("b.png", 40), ("a.jpg", 20), ("c.JPEG", 60)):
        Image.fromarray(grey(level)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert levels(f"folder:{tmp_path}", 9) == [20, 40, 60]
    assert levels(f"folder:{tmp_path}", 5, loop=True) == [20, 40, 60, 20, 40]
    began = time.monotonic()
    assert len(levels(f"folder:{tmp_path}", 3, fast=False, fps=20)) == 3
    assert 0.08 < time.monotonic() - began < 3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_picture_is_rotated_upright(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(
        np.kron(np.array([[250, 20], [120, 60], [180, 90]], np.uint8), np.ones((40, 40), np.uint8))
    )
    turned = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    how = turned[orientation]
    stored = upright if how is None else upright.transpose(how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.convert("RGB").save(tmp_path / "a.jpg", exif=exif, quality=95)
    got = open_source(f"folder:{tmp_path}#fast", allow_local=True, clock=clock).read()
    assert got is not None
    assert got[0].shape == (120, 80, 3)
    assert np.abs(got[0][..., 1].astype(int) - np.asarray(upright)).mean() < 5


@pytest.mark.parametrize("content", [b"", b"no video", b"#EXTM3U\n#EXTINF:1\nfile:///etc/hostname\n"])
def test_invalid_video_fails_without_naming_the_path(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret-name.mp4"
    file.write_bytes(content)
    for url in (f"file:{file}", f"file:{tmp_path / 'missing'}", f"folder:{tmp_path}/missing"):
        source = open_source(url, allow_local=True, clock=clock)
        with pytest.raises(SourceFailed) as failed:
            source.read()
        source.close()
        assert "secret" not in str(failed.value)
        assert "secret" not in " ".join(source.decoder_messages)


def test_empty_folder_does_not_loop_forever(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed):
        open_source(f"folder:{tmp_path}", allow_local=True, clock=clock, loop=True).read()


def test_close_ends_the_wait_for_the_next_picture(tmp_path: Path) -> None:
    for name in "ab":
        Image.fromarray(noise(ord(name))).save(tmp_path / f"{name}.png")
    source = open_source(f"folder:{tmp_path}", allow_local=True, clock=clock, fps=0.05)
    assert source.read() is not None
    closing = threading.Timer(0.1, source.close)
    closing.start()
    began = time.monotonic()
    with pytest.raises(SourceFailed):
        source.read()
    assert time.monotonic() - began < 5  # the next one comes after 20 s
    closing.join()
