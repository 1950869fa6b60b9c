"""Hostile pictures: each is refused with its own code, before it costs anything."""

import contextlib
import struct
import time
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from app.adapters.vision.photos.image import ImageDecoder, ImageLimits, decode, read_header
from app.core.errors import BadInput, Refusal, TooLarge
from app.core.media import sniff
from tests.adapters.vision.drawn import encoded, oriented, picture

LIMITS = ImageLimits()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def bomb(side: int = 30_000) -> bytes:
    return png(side, side, chunk(b"IDAT", zlib.compress(bytes(side * 3 + 1) * 1000, 9)))


def refused(data: bytes, limits: ImageLimits = LIMITS) -> Refusal:
    with pytest.raises((BadInput, TooLarge)) as caught:
        decode(data, limits)
    assert caught.value.detail
    return caught.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pixels_come_out_upright_in_bgr(kind: str) -> None:
    pixels = decode(encoded(picture(), kind))

    assert pixels.shape == (120, 160, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    np.testing.assert_allclose(pixels[10, 10], (30, 30, 200), atol=6)  # the red corner, blue first


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_respected_exactly_once(kind: str, orientation: int) -> None:
    # Given a picture stored so that `orientation` turns it upright again
    stored = Image.fromarray(picture())
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation in undo:
        stored = stored.transpose(undo[orientation])

    pixels = decode(encoded(stored, kind, exif=oriented(orientation)))

    np.testing.assert_allclose(pixels[5::10, 5::10, ::-1], picture()[5::10, 5::10], atol=12)


def test_broken_metadata_does_not_refuse_a_good_picture() -> None:
    assert decode(encoded(picture(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")).shape == (120, 160, 3)
    assert decode(encoded(picture(), exif=oriented(77))).shape == (120, 160, 3)


def test_empty_bytes_are_refused() -> None:
    assert refused(b"").code == "empty_body"


@pytest.mark.parametrize(
    "data", [b"hello", b"GIF89a" + bytes(100), b"%PDF-1.7", b"\x00" * 1000, b"\xff\xd8", b"<svg/>"]
)
def test_bytes_that_are_neither_jpeg_nor_png(data: bytes) -> None:
    assert sniff(data) is None
    assert refused(data).code == "not_an_image"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("GIF", "a GIF"), ("WEBP", "a WebP photo"), ("BMP", "a BMP"), ("TIFF", "a TIFF"), ("AVIF", "AVIF")],
)
def test_other_formats_are_refused_by_their_name(kind: str, name: str) -> None:
    error = refused(encoded(picture(), kind))
    assert error.code == "not_an_image" and name in error.detail and "send a JPEG or PNG" in error.detail


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_picture_is_an_error(kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = encoded(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8), kind)

    for length in range(16, len(whole) - 2, len(whole) // 40):
        assert refused(whole[:length]).code in ("truncated_image", "not_an_image")
    for share in (0.3, 0.6, 0.9, 0.99):
        assert refused(whole[: int(len(whole) * share)]).code == "truncated_image"


def test_progressive_jpeg_is_read_and_a_cut_one_refused() -> None:
    whole = encoded(picture(), progressive=True)
    assert decode(whole).shape == (120, 160, 3)
    assert refused(whole[: len(whole) // 2]).code == "truncated_image"


def test_png_altered_on_the_way() -> None:
    data = bytearray(encoded(picture(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    assert refused(bytes(data)).code == "truncated_image"


def test_png_with_too_few_rows() -> None:
    assert refused(png(100, 100, chunk(b"IDAT", zlib.compress(bytes(301) * 40)))).code == "truncated_image"


@pytest.mark.parametrize("size", [(47, 200), (200, 47), (1, 1)])
def test_too_small(size: tuple[int, int]) -> None:
    assert refused(encoded(picture(*size), "PNG")).code == "image_too_small"


def test_bomb_is_refused_at_no_cost() -> None:
    data = bomb()
    assert len(data) < 200_000
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        error = refused(data)
    assert isinstance(error, TooLarge)
    assert error.code == "image_too_large"
    assert time.perf_counter() - started < 4  # decoded it takes 12 s
    assert not heard


def test_limits_are_the_callers() -> None:
    data = encoded(picture(1000, 1000))
    assert refused(data, ImageLimits(max_pixels=999_999)).code == "image_too_large"
    assert refused(data, ImageLimits(max_bytes=len(data) - 1)).code == "image_too_large"
    assert ImageDecoder(ImageLimits(max_pixels=1_000_000))(data).shape == (1000, 1000, 3)


def test_jpeg_that_claims_a_huge_size() -> None:
    data = bytearray(encoded(picture()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    assert refused(bytes(data)).code == "image_too_large"


TRANSPARENT = Image.fromarray(np.dstack([picture(), np.full((120, 160), 254, np.uint8)]))
UNSUPPORTED = {
    "cmyk": (encoded(Image.new("CMYK", (64, 64))), "CMYK"),
    "transparent": (encoded(TRANSPARENT, "PNG"), "transparent parts"),
    "grey transparent": (encoded(TRANSPARENT.convert("LA"), "PNG"), "transparent parts"),
    "palette transparent": (encoded(Image.new("P", (64, 64)), "PNG", transparency=0), "transparent parts"),
    "black and white": (encoded(Image.new("1", (64, 64)), "PNG"), "black and white only"),
    "animated": (
        encoded(Image.new("RGB", (64, 64)), "PNG", save_all=True, append_images=[Image.new("RGB", (64, 64), "red")]),
        "animated",
    ),
    "chunks": (png(64, 64, chunk(b"IDAT", b"") * 21_000), "20000 chunks"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported_format_is_explained(name: str) -> None:
    data, says = UNSUPPORTED[name]
    error = refused(data)
    assert error.code == "unsupported_image"
    assert says in error.detail and ("save" in error.detail or "send" in error.detail)


def wide(pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel."""
    return bytes(cv2.imencode(".png", pixels[..., ::-1].astype(np.uint16) * 257)[1])


OPAQUE = Image.fromarray(picture()).convert("RGBA")
READ = {
    "rgba": encoded(OPAQUE, "PNG"),
    "rgb 16": wide(picture()),
    "rgba 16": wide(np.asarray(OPAQUE)[..., [3, 0, 1, 2]]),
    "palette": encoded(Image.fromarray(picture()).quantize(16), "PNG"),
    "palette, opaque": encoded(Image.fromarray(picture()).quantize(16), "PNG", transparency=b"\xff" * 16),
}


@pytest.mark.parametrize("name", READ)
def test_png_of_any_colour_type_decodes_to_the_same_pixels(name: str) -> None:
    np.testing.assert_allclose(decode(READ[name])[5::10, 5::10, ::-1], picture()[5::10, 5::10], atol=1)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "I;16"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey_is_recognised_by_format_and_by_pixels(mode: str, kind: str) -> None:
    if kind == "JPEG" and mode not in ("L", "RGB"):
        pytest.skip("no such JPEG")
    grey = np.asarray(Image.fromarray(picture()).convert("L"))
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    pixels = decode(encoded(image, kind))
    np.testing.assert_allclose(pixels[5::10, 5::10], np.dstack([grey] * 3)[5::10, 5::10], atol=3)


def test_endless_scans_are_refused() -> None:
    data = encoded(picture(), progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert refused(data[:-2] + last * 100 + b"\xff\xd9").code == "unsupported_image"


def test_header_is_read_quickly() -> None:
    data = encoded(np.random.default_rng(0).integers(0, 255, (720, 1280, 3), dtype=np.uint8))
    best = min(_seconds(lambda: read_header(data)) for _ in range(20))
    assert best < 0.005


def test_fuzzed_bytes_raise_nothing_but_refusals() -> None:
    rng = np.random.default_rng(7)
    for kind in ("JPEG", "PNG"):
        whole = np.frombuffer(encoded(picture(64, 64), kind, exif=oriented(6)), np.uint8)
        for _ in range(300):
            data = whole.copy()
            where = rng.integers(2, min(len(data), 700), rng.integers(1, 6))
            data[where] = rng.integers(0, 256, len(where))
            with contextlib.suppress(BadInput, TooLarge):
                decode(data.tobytes(), ImageLimits(max_pixels=1_000_000))


def _seconds(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started
