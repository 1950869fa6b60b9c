"""Decides which bytes become pixels: everything is judged from a picture's header before anything is decoded.

Anybody with a key can send bytes, so a bomb must cost nothing, and half a picture must be an error, never half grey. A
large picture is decoded smaller. The limit is the memory that decoding takes: README.md has the figures.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.adapters.vision.photos import jpeg_cost
from app.adapters.vision.photos.jpeg_structure import read_structure
from app.adapters.vision.photos.scaling import halve
from app.core.errors import BadInput, TooLarge
from app.core.media import FRAME_KINDS, not_read, sniff
from app.core.types import Pixels

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG = 0x0112
# More chunks only cost time: a 10 MB PNG has about a thousand.
_MOST_CHUNKS = 20_000
_SEND = "send a JPEG or PNG"
# Channels per decoded pixel, by PNG colour type.
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_TRANSPARENT = frozenset({4, 6})
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@dataclass(frozen=True)
class ImageLimits:
    """The limits for a picture.

    Attributes:
        max_pixels: As stored.
        max_decoded_pixels: A larger picture is decoded at a half, a quarter or an eighth of its width and height.
        max_memory_bytes: What decoding may take besides the smaller picture.
    """

    min_side_px: int = 48
    max_pixels: int = 200_000_000
    max_decoded_pixels: int = 13_000_000
    max_memory_bytes: int = 160_000_000
    max_bytes: int = 30_000_000


@dataclass(frozen=True)
class Header:
    """A picture's own description.

    Attributes:
        width_px, height_px: As stored.
        orientation: EXIF's, 1 to 8.
        shrunk: The divisor of width and height when decoding: 1, 2, 4 or 8.
        alpha: Whether it may be transparent.
        end: One past its last byte.
        work: Megapixels times scans.
    """

    media_type: str
    width_px: int
    height_px: int
    orientation: int
    shrunk: int
    alpha: bool
    end: int
    work: float


@dataclass(frozen=True)
class ImageDecoder:
    """Implements `ports.recognition.Decoder`."""

    limits: ImageLimits = ImageLimits()

    def __call__(self, data: bytes) -> Pixels:
        return decode(data, self.limits)


def decode(data: bytes, limits: ImageLimits = ImageLimits()) -> Pixels:
    """(height, width, 3) uint8 BGR, upright: the EXIF orientation is applied here, once.

    Grey pictures get three equal channels. A JPEG of 1280 x 720 takes 1.6 ms (2026-11-23); simplejpeg takes 1.45 ms,
    which does not justify a dependency.

    Raises:
        BadInput: empty_body, not_an_image, truncated_image, image_too_small, unsupported_image.
        TooLarge: image_too_large.
    """
    header = read_header(data, limits)
    jpeg_cost.limit(header.work)
    wanted = cv2.IMREAD_UNCHANGED if header.alpha else _REDUCED[header.shrunk] | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), wanted)
    except cv2.error:
        pixels = None
    if pixels is not None and header.alpha:
        pixels = _opaque(pixels, header.shrunk)
    height, width = -(-header.height_px // header.shrunk), -(-header.width_px // header.shrunk)
    if pixels is None or pixels.shape[2:] != (3,) or abs(pixels.shape[0] - height) + abs(pixels.shape[1] - width) > 2:
        raise BadInput("truncated_image", "the picture is damaged or incomplete; send it again")
    return _upright(pixels.astype(np.uint8, copy=False), header.orientation)


def read_header(data: bytes, limits: ImageLimits = ImageLimits()) -> Header:
    """Judges a picture without decoding it, in well under a millisecond. Raises as `decode`."""
    if not data:
        raise BadInput("empty_body", f"the body is empty; {_SEND}")
    if len(data) > limits.max_bytes:
        raise TooLarge(
            "image_too_large", f"the picture has more than {limits.max_bytes // 1_000_000} MB; send a smaller one"
        )
    media_type = sniff(data)
    if media_type is None:
        raise BadInput("not_an_image", not_read(data, FRAME_KINDS))
    if media_type == "image/png":
        return _png(data, limits)
    jpeg = read_structure(data, jpeg_cost.MOST_SCANS)
    if jpeg.components not in (1, 3):
        kind = "in CMYK colour" if jpeg.components == 4 else "neither grey nor RGB"
        raise BadInput("unsupported_image", f"the JPEG is {kind}; save it as RGB")
    shrunk = _bounded(jpeg.width_px, jpeg.height_px, jpeg.coefficient_bytes, limits)
    return Header(
        media_type, jpeg.width_px, jpeg.height_px, _orientation(jpeg.exif), shrunk, False, jpeg.end, jpeg.work
    )


def _bounded(width: int, height: int, memory_bytes: int, limits: ImageLimits) -> int:
    """The divisor for its sides, 1 to 8. Raises BadInput or TooLarge."""
    if width * height > limits.max_pixels:
        raise TooLarge(
            "image_too_large",
            f"the picture has more than {limits.max_pixels // 1_000_000} megapixels; send a smaller one",
        )
    if memory_bytes > limits.max_memory_bytes:
        megapixels = round(width * height / 1_000_000)
        raise TooLarge(
            "image_too_large",
            f"a picture of {megapixels} megapixels of this kind takes too much memory; save it as a baseline JPEG",
        )
    if min(width, height) < limits.min_side_px:
        raise BadInput("image_too_small", f"each side needs at least {limits.min_side_px} pixels")
    return next((by for by in (1, 2, 4) if width * height <= limits.max_decoded_pixels * by * by), 8)


def _png(data: bytes, limits: ImageLimits) -> Header:
    """Checks the chunks: complete, unaltered, not animated."""
    width = height = memory_bytes = 0
    alpha, exif = False, None
    position = len(_PNG_MAGIC)
    view = memoryview(data)
    for number in range(_MOST_CHUNKS):
        length, kind = int.from_bytes(view[position : position + 4]), bytes(view[position + 4 : position + 8])
        end = position + 12 + length
        if len(kind) < 4 or end > len(data):
            raise BadInput("truncated_image", "the picture ends in the middle; send it again")
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise BadInput("truncated_image", "the picture was altered on the way; send it again")
        content = view[position + 8 : end - 4]
        if (number == 0) is not (kind == b"IHDR") or (number == 0 and length != 13):
            raise BadInput("not_an_image", f"the picture's header cannot be read; {_SEND}")
        if kind == b"IHDR":
            width, height = int.from_bytes(content[:4]), int.from_bytes(content[4:8])
            depth, colour = content[8], content[9]
            if colour == 0 and depth < 8:
                raise BadInput("unsupported_image", f"the picture is black and white only; {_SEND} in grey or colour")
            alpha = colour in _TRANSPARENT
            memory_bytes = width * height * _CHANNELS.get(colour, 4) * (2 if depth == 16 else 1)
        elif kind == b"acTL":
            raise BadInput("unsupported_image", f"the PNG is animated; {_SEND}")
        elif kind == b"tRNS":
            alpha = True
            memory_bytes = max(memory_bytes, 4 * width * height)
        elif kind == b"eXIf":
            exif = bytes(content)
        elif kind == b"IEND":
            shrunk = _bounded(width, height, memory_bytes, limits)
            return Header("image/png", width, height, _orientation(exif), shrunk, alpha, end, width * height / 1e6)
        position = end
    raise BadInput("unsupported_image", f"the PNG has more than {_MOST_CHUNKS} chunks; {_SEND}")


def _opaque(pixels: NDArray[Any], shrunk: int) -> Pixels:
    """BGR of a picture whose alpha channel is opaque. Raises BadInput for one with transparent parts."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        if int(pixels[..., -1].min()) < 255:
            raise BadInput("unsupported_image", "the picture has transparent parts; save it with a background")
        pixels = pixels[..., :-1]
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    while shrunk > 1:
        pixels, shrunk = halve(np.ascontiguousarray(pixels)), shrunk // 2
    return pixels


def _orientation(exif: bytes | None) -> int:
    """EXIF's orientation; 1 if it is absent or invalid: broken metadata must not refuse a good picture."""
    if not exif:
        return 1
    reader = Image.Exif()
    try:
        reader.load(exif)
        value = reader.get(_ORIENTATION_TAG, 1)
    except Exception:
        # Broken metadata can make Pillow raise anything. The picture itself may be intact, so take it unturned.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undoes EXIF orientations 1 to 8 (Exif 2.32, tag 0x0112)."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
