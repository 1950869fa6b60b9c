"""What somebody who is not recognised can do about it: take off their sunglasses, or turn away from the light."""

import numpy as np

from app.core.recognition.quality import AREA, LUMA
from app.core.types import Advice, Box, Face, Pixels

# Rows and columns of the 112 x 112 crop.
_EYES = ((slice(44, 60), slice(29, 48)), (slice(44, 60), slice(65, 84)))
_CHEEKS = ((slice(68, 82), slice(26, 42)), (slice(68, 82), slice(71, 87)))
# Of 350 press photos, the eyes of three were darker than this share of the cheeks: three pairs of sunglasses, of four.
# Of 350 drawn ones nine in ten are. The upper quartile, for dark brows and lashes are in everybody's eyes (2026-11-30).
_COVERED = 0.42
_LIT = 30.0  # grey levels of the cheeks; in less light noise decides
# The face as a share of what is beside it: of 350 press photos at least 0.5 but for two; before a drawn window that
# leaves it a fifth of its light, at most 0.23.
_BACKLIT = 0.4
_BRIGHT = 120.0  # grey levels of a window
_OFFSET = 5.0  # grey levels; keeps the shares of black finite


def advise(pixels: Pixels, face: Face, crop: Pixels) -> Advice | None:
    """Returns what covers the face or shines from behind it, if anything can be told.

    Args:
        pixels: (height, width, 3) uint8 BGR, the frame.
        crop: (112, 112, 3) uint8 BGR, the aligned face.
    """
    luma = crop.astype(np.float32) @ LUMA
    cheeks = float(np.mean([luma[part].mean() for part in _CHEEKS]))
    eyes = float(np.percentile(np.concatenate([luma[part].ravel() for part in _EYES]), 75))
    if cheeks >= _LIT and eyes < _COVERED * (cheeks + _OFFSET):
        return Advice.EYES_COVERED
    beside = _beside(pixels, face.box)
    if beside >= _BRIGHT and float(luma[AREA].mean()) + _OFFSET < _BACKLIT * (beside + _OFFSET):
        return Advice.BACKLIT
    return None


def _beside(pixels: Pixels, box: Box) -> float:
    """The mean luma left and right of a head, as far as it is in the frame; 0 if nothing is."""
    (x, y), wide, high = box.centre, box.width_px, box.height_px
    if not np.isfinite([x, y, wide, high]).all():
        return 0.0
    step = max(1, int(wide // 16))
    rows = slice(max(0, int(y - 1.2 * high)), max(0, int(y + 0.3 * high)), step)
    strips = (x - 1.6 * wide, x - 0.8 * wide), (x + 0.8 * wide, x + 1.6 * wide)
    parts = [pixels[rows, max(0, int(left)) : max(0, int(right)) : step].reshape(-1, 3) for left, right in strips]
    found = np.concatenate(parts)
    return float((found.astype(np.float32) @ LUMA).mean()) if len(found) else 0.0
