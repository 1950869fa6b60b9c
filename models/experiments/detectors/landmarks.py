"""Measures landmark errors: pure geometry on points (..., 5, 2) in the order of `Face.landmarks`.

Nobody marked the photos by hand, so a detector is compared with itself on a copy moved by a known map, and with the
other detector. Neither shows an error that is the same everywhere, but comparing faces does.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Pixels

Points = NDArray[np.float64]

# A mirror swaps right and left.
MIRRORED = [1, 0, 2, 4, 3]
TURN_DEG, GROWTH, SHIFT = 10.0, 1.2, 0.04


def copy(pixels: Pixels, rng: np.random.Generator) -> tuple[Pixels, Points]:
    """Returns a moved copy of the picture, and the (2, 3) map to it.

    The copy is rotated by up to 10 degrees, scaled by up to 1.2 either way, shifted by up to 4 % of its side, and
    mirrored half of the time.
    """
    height, width = pixels.shape[:2]
    grown = float(GROWTH ** rng.uniform(-1, 1))
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = np.array(cv2.getRotationMatrix2D(middle, float(rng.uniform(-TURN_DEG, TURN_DEG)), grown), dtype=np.float64)
    matrix[:, 2] += rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    if rng.random() < 0.5:
        matrix = np.array([[-1.0, 0, width - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
    made = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, dtype=np.uint8), np.asarray(matrix, dtype=np.float64)


def mapped(points: NDArray[Any], matrix: Points) -> Points:
    """Maps the points of a face by a (2, 3) map; if it mirrors, left and right points swap."""
    moved = np.asarray(points, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return moved[..., MIRRORED, :] if np.linalg.det(matrix[:, :2]) < 0 else moved


def mapped_back(points: NDArray[Any], matrix: Points) -> Points:
    """Undoes `mapped`."""
    turned = np.linalg.inv(matrix[:, :2])
    return mapped(points, np.column_stack([turned, -turned @ matrix[:, 2]]))


def between_eyes(points: NDArray[Any]) -> Points:
    """Returns the distance between the eyes, (...), in pixels."""
    return np.asarray(np.linalg.norm(points[..., 0, :] - points[..., 1, :], axis=-1), dtype=np.float64)


def error(found: NDArray[Any], expected: NDArray[Any]) -> Points:
    """Returns the mean distance of the five points, (...), divided by the distance between the expected eyes.

    NaN if either is NaN. This is the usual measure of face alignment (Sagonas et al., 300 Faces in-the-Wild, ICCVW
    2013).
    """
    distance = np.linalg.norm(np.asarray(found, dtype=np.float64) - expected, axis=-1).mean(axis=-1)
    return np.asarray(distance / between_eyes(expected), dtype=np.float64)


def offsets(found: NDArray[Any], expected: NDArray[Any]) -> Points:
    """Returns the offsets from the expected points, (n, 5, 2), along and across the eye line, in eye distances."""
    expected = np.asarray(expected, dtype=np.float64)
    along = (expected[:, 1] - expected[:, 0]) / between_eyes(expected)[:, None]
    down = np.column_stack([-along[:, 1], along[:, 0]])
    off = np.asarray(found, dtype=np.float64) - expected
    axes = np.stack([along, down], axis=-1)
    return np.asarray(off @ axes / between_eyes(expected)[:, None, None], dtype=np.float64)


def disagreement(found: NDArray[Any], expected: NDArray[Any]) -> tuple[Points, Points]:
    """Returns the distance between two detectors' points, (n,), in eye distances, with and without the mean offset.

    The mean offset is removed because two detectors may mean different spots by the corner of a mouth.
    """
    off = offsets(found, expected)
    known = np.isfinite(off).all(axis=(1, 2))
    usual = off[known].mean(axis=0) if known.any() else np.zeros((5, 2))
    both = (np.linalg.norm(each, axis=-1).mean(axis=-1) for each in (off, off - usual))
    first, second = (np.asarray(each, dtype=np.float64) for each in both)
    return first, second
