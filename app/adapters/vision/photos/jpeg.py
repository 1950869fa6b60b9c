"""Encodes pictures for the log."""

import cv2

from app.core.types import Pixels

QUALITY = 85  # a 240 px snapshot is about 10 KB, and a face is still recognisable


def encode_jpeg(pixels: Pixels) -> bytes:
    """JPEG bytes of (height, width, 3) uint8 BGR. Raises ValueError for pixels that cannot be written."""
    written, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not written:
        raise ValueError("a snapshot could not be encoded")
    return bytes(data)
