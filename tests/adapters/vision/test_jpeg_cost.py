"""What a picture costs to decode is known before it is decoded."""

import io
from typing import Any

import pytest
from PIL import Image

from app.adapters.vision.photos import jpeg_cost
from app.adapters.vision.photos.image import decode
from app.core.errors import BadInput, TooLarge
from tests import pictures


def jpeg(width_px: int, height_px: int, **options: Any) -> bytes:
    return pictures.encoded(Image.new("RGB", (width_px, height_px), (90, 110, 130)), **options)


def scanned(data: bytes, times: int) -> bytes:
    """The last scan of a JPEG so many times more: decoders do the work each time."""
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * times + data[-2:]


def test_pixels_are_counted_once_per_scan() -> None:
    assert jpeg_cost.work(jpeg(1000, 500)) == 0.5
    assert jpeg_cost.work(jpeg(1000, 500, progressive=True)) == 5.0
    assert jpeg_cost.work(pictures.png_of(1000, 500)) == 0.5
    assert jpeg_cost.work(b"no picture") == 0


def test_thumbnail_and_trailing_bytes_do_not_count() -> None:
    exif = Image.Exif()
    exif[0x9286] = b"\xff\xda" * 100
    out = io.BytesIO()
    Image.new("RGB", (1000, 500)).save(out, "JPEG", exif=exif)
    assert jpeg_cost.work(out.getvalue() + b"\xff\xda" * 100) == 0.5


def test_end_marker_in_a_comment_is_ignored() -> None:
    data = scanned(jpeg(1000, 500, progressive=True), 2)
    last = data.rindex(b"\xff\xda")
    comment = b"\xff\xfe\x00\x04\xff\xd9"
    assert jpeg_cost.work(data[:last] + comment + data[last:]) == 6.0


def test_more_scans_than_any_camera_makes_are_refused() -> None:
    """64 scans of 24 megapixels held an engine for 4 to 11 s."""
    with pytest.raises(BadInput) as refused:
        decode(scanned(jpeg(640, 480, progressive=True), 30))
    assert refused.value.code == "unsupported_image"


def test_work_is_bounded_over_all_pictures_of_a_request() -> None:
    photo = jpeg(4000, 3000, progressive=True)
    assert jpeg_cost.work(photo) == 120
    jpeg_cost.check(photo, photo, most=jpeg_cost.MOST_WORK_AT_GATE)
    with pytest.raises(TooLarge) as refused:
        jpeg_cost.check(photo, photo, photo, most=jpeg_cost.MOST_WORK_AT_GATE)
    assert refused.value.code == "image_too_large"
