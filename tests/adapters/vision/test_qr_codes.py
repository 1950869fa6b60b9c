"""QR passes in a camera's picture: found as skewed and as dark as people hold them, and nothing where there is none."""

import io

import cv2
import numpy as np
import pytest
import segno

from app.adapters.vision.photos.qr_codes import read_codes
from app.core.types import Pixels

TEXT = "FG1:" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 5


def code(text: str | bytes, size_px: int) -> Pixels:
    file = io.BytesIO()
    segno.make(text, micro=False, error="m").save(file, kind="png", scale=8, border=4)
    drawn = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    return np.asarray(cv2.resize(drawn, (size_px, size_px), interpolation=cv2.INTER_AREA), np.uint8)


def scene(*codes: Pixels, width_px: int = 640, degrees: float = 0, light: float = 1.0) -> Pixels:
    """A blurred room, 16 to 9, with the codes side by side."""
    height_px = width_px * 9 // 16
    rough = np.random.default_rng(7).integers(0, 255, (12, 20, 3), dtype=np.uint8)
    room = cv2.resize(rough, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    left = 20
    for one in codes:
        size = one.shape[0]
        room[(height_px - size) // 2 : (height_px + size) // 2, left : left + size] = one
        left += size + 10
    turn = cv2.getRotationMatrix2D((width_px / 2, height_px / 2), degrees, 1)
    seen = cv2.GaussianBlur(cv2.warpAffine(room, turn, (width_px, height_px)), (3, 3), 0)
    return np.asarray(np.clip(seen * light, 0, 255), np.uint8)


@pytest.mark.parametrize("degrees", [0, 7, -20, 180])
@pytest.mark.parametrize("light", [1.0, 0.35])
def test_pass_is_read(degrees: float, light: float) -> None:
    assert read_codes(scene(code(TEXT, 170), degrees=degrees, light=light)) == [TEXT]


def test_larger_picture_is_read_as_well() -> None:
    assert read_codes(scene(code(TEXT, 500), width_px=1920)) == [TEXT]


def test_codes_side_by_side_are_all_read() -> None:
    found = read_codes(scene(code(TEXT, 170), code("https://example.org", 120)))
    assert sorted(found) == sorted([TEXT, "https://example.org"])


def test_nothing_is_read_where_there_is_no_code() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    assert read_codes(scene()) == read_codes(noise) == []
    assert read_codes(np.zeros((1, 1, 3), np.uint8)) == []


def test_code_with_control_characters_or_other_bytes_does_no_harm() -> None:
    for text in ("FG1:\x00\x1b[2J' OR 1=1", b"\xff\xfe\x00\x80" * 8):
        assert len(read_codes(scene(code(text, 170)))) == 1
