"""Photos as phones and browsers save them: large, in their own formats, with a video behind them."""

import contextlib
import io
import struct
import time
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from app.adapters.vision.photos import convert_photo, photo
from app.adapters.vision.photos.image import ImageLimits, decode, read_header
from app.adapters.vision.photos.photo import PhotoReader
from app.core.errors import BadInput, Refusal, TooLarge
from tests.adapters.vision.drawn import encoded, oriented, picture

pillow_heif.register_heif_opener()
FORMATS = ["HEIF", "WEBP", "AVIF"]
LIMITS = ImageLimits()
read = PhotoReader()


def claiming(width: int, height: int, **options: Any) -> bytes:
    """A small JPEG whose header says that it is so large."""
    data = bytearray(encoded(picture(), **options))
    frame = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def refused(data: bytes) -> Refusal:
    with pytest.raises((BadInput, TooLarge)) as caught:
        decode(read(data))
    return caught.value


# --- large ones


@pytest.mark.parametrize(("width", "height"), [(5712, 4284), (8160, 6144)])
def test_large_photo_is_decoded_smaller(width: int, height: int) -> None:
    pixels = decode(encoded(Image.new("L", (width, height), 77)))
    assert pixels.shape[0] * pixels.shape[1] <= LIMITS.max_decoded_pixels
    assert abs(pixels.shape[1] / pixels.shape[0] - width / height) < 0.001
    assert int(pixels.min()) == int(pixels.max()) == 77


@pytest.mark.parametrize(
    ("width", "height", "by"), [(4032, 3024, 1), (5712, 4284, 2), (8160, 6144, 2), (9248, 6936, 4), (16320, 12240, 4)]
)
def test_scale_follows_from_the_size(width: int, height: int, by: int) -> None:
    assert read_header(claiming(width, height)).shrunk == by


def test_bound_is_the_memory_that_decoding_takes() -> None:
    assert read_header(claiming(8160, 6144, progressive=True)).shrunk == 2
    for too_large in (
        claiming(16320, 12240, progressive=True),  # a decoder holds all of its coefficients
        claiming(8160, 6144, progressive=True, subsampling=0),
        claiming(20_000, 12_000),
    ):
        assert refused(too_large).code == "image_too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_that_is_decoded_smaller_is_upright(kind: str, mode: str, orientation: int) -> None:
    if (kind, mode) == ("JPEG", "RGBA"):
        pytest.skip("no such JPEG")
    image = Image.fromarray(picture()).convert(mode)
    exact = decode(encoded(image, kind, exif=oriented(orientation)))
    smaller = decode(encoded(image, kind, exif=oriented(orientation)), ImageLimits(max_decoded_pixels=5000))
    assert smaller.shape == (exact.shape[0] // 2, exact.shape[1] // 2, 3)
    np.testing.assert_allclose(smaller[3::10, 3::10], exact[::2, ::2][3::10, 3::10], atol=12)


# --- what lies behind the picture

VIDEO = struct.pack(">I4s4sI4s", 20, b"ftyp", b"mp42", 0, b"mp42") + b"\xff\xda\x00\x0c" + b"moov\xff\xd8\xff" * 50


@pytest.mark.parametrize("behind", [VIDEO, VIDEO + b"\xff\xd9" + VIDEO, bytes(1000), encoded(picture()), b"\xff\xda"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_motion_photo_yields_its_picture(behind: bytes, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    whole = encoded(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8), exif=oriented(6), **options)
    np.testing.assert_array_equal(decode(whole + behind), decode(whole))
    assert read(whole + behind) == whole  # what is kept holds no video
    assert read(whole) is whole


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_truncated_picture_is_not_completed_by_trailing_bytes(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    whole = encoded(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8), **options)
    for share in (0.4, 0.7, 0.99):
        cut = whole[: int(len(whole) * share)]
        assert refused(cut).code == "truncated_image"
        assert refused(cut + whole).code == "truncated_image"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xfe\0\2", b"\xff\xd0", b"\0", b"\xff\0", b"\xff\x01\0"])
def test_end_is_found_quickly(filling: bytes, progressive: bool) -> None:
    whole = encoded(picture(), progressive=progressive)
    began = time.process_time()
    for at in (2, len(whole) - 40):
        hostile = whole[:at] + filling * (8_000_000 // len(filling)) + b"\0" + whole[at:]
        with contextlib.suppress(BadInput, TooLarge):
            read_header(hostile)
    assert time.process_time() - began < 1.5


def test_multi_picture_file_yields_its_first_picture() -> None:
    out = io.BytesIO()
    Image.fromarray(picture()).save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (160, 120))])
    np.testing.assert_allclose(decode(read(out.getvalue()))[10, 10], (30, 30, 200), atol=6)


def test_thumbnail_does_not_end_the_picture() -> None:
    thumbnail = encoded(picture(64, 64))
    whole = encoded(picture(), exif=b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail)
    assert decode(whole).shape == (120, 160, 3)
    assert refused(whole[:-2]).code == "truncated_image"


# --- other formats


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_of_phones_and_browsers_are_read(kind: str) -> None:
    kept = read(encoded(picture(), kind, quality=95))
    assert read_header(kept).media_type == "image/jpeg"
    np.testing.assert_allclose(decode(kept)[5::10, 5::10, ::-1], picture()[5::10, 5::10], atol=25)


@pytest.mark.parametrize("kind", FORMATS)
def test_orientation_is_respected(kind: str) -> None:
    kept = read(
        encoded(Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90), kind, exif=oriented(6).tobytes())
    )
    assert decode(kept).shape == (120, 160, 3)
    np.testing.assert_allclose(decode(kept)[10, 10], (30, 30, 200), atol=40)
    assert b"Exif" not in kept


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_photo_is_refused_by_its_format(kind: str) -> None:
    rng = np.random.default_rng(3)
    whole = encoded(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8), kind)
    for length in (40, len(whole) // 3, len(whole) - 300):
        error = refused(whole[:length])
        assert error.code in ("truncated_image", "not_an_image") and ("This is a" in error.detail)


@pytest.mark.parametrize("kind", FORMATS)
def test_fuzzed_photos_are_read_or_refused(kind: str) -> None:
    rng = np.random.default_rng(5)
    whole = np.frombuffer(encoded(picture(64, 64), kind), np.uint8)
    for _ in range(6):
        data = whole.copy()
        where = rng.integers(12, len(data), 5)
        data[where] = rng.integers(0, 256, len(where))
        try:
            decode(read(data.tobytes()))
        except (BadInput, TooLarge) as error:
            assert error.detail


def test_huge_webp_is_refused_at_no_cost() -> None:
    canvas = (16382).to_bytes(3, "little") * 2
    inner = encoded(picture(), "WEBP")[12:]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas + inner
    started = time.perf_counter()
    assert refused(b"RIFF" + struct.pack("<I", len(body)) + body).code in ("image_too_large", "truncated_image")
    assert time.perf_counter() - started < 15


def test_photo_with_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "MOST_PIXELS", 10_000)
    error = refused(encoded(picture(), "WEBP"))
    assert error.code == "image_too_large" and "a WebP photo" in error.detail


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_animated_and_transparent_photos_are_named(kind: str) -> None:
    first = Image.fromarray(picture())
    animated = encoded(first, kind, save_all=True, append_images=[first.rotate(180)], duration=100)
    assert "several pictures" in refused(animated).detail
    see_through = first.convert("RGBA")
    see_through.putalpha(100)
    assert "transparent parts" in refused(encoded(see_through, kind)).detail
    assert decode(read(encoded(first.convert("RGBA"), kind))).shape == (120, 160, 3)


def test_decoder_never_sees_the_services_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("FACEGATE_MASTER_KEY", "secret")
    spy = f"{tmp_path}/spy.py"
    with open(spy, "w") as file:  # noqa: PTH123
        file.write("import os, sys\nsys.exit(10 if any('FACEGATE' in name for name in os.environ) else 11)\n")
    monkeypatch.setattr(photo, "PROGRAM", spy)
    assert "several pictures" in refused(encoded(picture(), "WEBP")).detail
    assert (convert_photo.TOO_MANY_PIXELS, convert_photo.ANIMATED) == (10, 11)


@pytest.mark.parametrize(
    ("begins", "name"),
    [
        (b"GIF89a", "a GIF"),
        (b"II*\0", "a TIFF or a camera's raw file"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0qt  ", "a video"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "a HEIF photo of a rare kind"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_unsupported_format_is_named(begins: bytes, name: str) -> None:
    error = refused(begins + bytes(100))
    assert error.code == "not_an_image"
    assert error.detail == f"This is {name}; send a JPEG, PNG, WebP, HEIC or AVIF."
