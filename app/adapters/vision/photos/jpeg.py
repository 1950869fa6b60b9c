"""Encodes pictures for the log."""

import cv2
import numpy as np

from app.core.types import Pixels

QUALITY = 85  # a 240 px snapshot is about 10 KB, and a face is still recognisable


def encode_jpeg(pixels: Pixels) -> bytes:
    """JPEG bytes of (height, width, 3) uint8 BGR. Raises ValueError for pixels that cannot be written."""
    written, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not written:
        raise ValueError("a snapshot could not be encoded")
    return bytes(data)


def encode_small(height_px: int, pixels: Pixels) -> bytes:
    """As `encode_jpeg`, at most so high: every n-th pixel, as `recognition.snapshot` takes them."""
    step = -(-pixels.shape[0] // height_px)
    return encode_jpeg(pixels if step <= 1 else np.ascontiguousarray(pixels[::step, ::step]))
