"""Warps a face straight from the frame to the embedder's crop, so pixels are resampled only once."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.photos.scaling import halve
from app.core.recognition import alignment
from app.core.types import Face, Pixels

# Part of the pack's digest: templates made with another warp do not fit. Change it with anything that moves pixels.
VERSION = "arcface112-similarity-area2-1"


# The same for `box_crop`.
BOX_VERSION = "box-area-1"


def align(pixels: Pixels, landmarks: NDArray[np.float32], *, size_px: int = alignment.SIZE_PX) -> Pixels:
    """Warps to (112, 112, 3) uint8 BGR; black where the frame ends. Implements `ports.Aligner`.

    size_px: The crop's size, for the same view at another size.

    A face more than twice the crop's size is halved by area first: bilinear sampling sees only four neighbours, so
    beyond that it aliases.

    Raises:
        ValueError: the landmarks determine no similarity.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    larger = size_px / alignment.SIZE_PX
    transform = alignment.matrix(points) * larger
    if alignment.scale(transform) < 0.5:
        pixels, points = _face_region(pixels, points, transform, size_px)
        while alignment.scale(transform) < 0.5 and min(pixels.shape[:2]) >= 2:
            pixels = halve(pixels)
            points = (points - 0.5) / 2  # pixel centres: pixel i of the half holds pixels 2i and 2i + 1
            transform = alignment.matrix(points) * larger
    return np.asarray(cv2.warpAffine(pixels, transform, (size_px, size_px), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def box_crop(pixels: Pixels, face: Face, *, size_px: int, margin_px: int = 0) -> Pixels:
    """The face's box with its surroundings, scaled to (size_px, size_px, 3) without keeping its proportions or angle.

    As facenet-pytorch crops (`extract_face` of detect_face.py, MIT): margin_px of the crop are surroundings, and the
    box ends where the frame ends. Raises ValueError for a box outside the frame.
    """
    box, share = face.box, margin_px / (size_px - margin_px) / 2
    height, width = pixels.shape[:2]
    left = int(max(box.x_px - share * box.width_px, 0))
    top = int(max(box.y_px - share * box.height_px, 0))
    right = int(min(box.x_px + (1 + share) * box.width_px, width))
    bottom = int(min(box.y_px + (1 + share) * box.height_px, height))
    if right <= left or bottom <= top:
        raise ValueError("the face's box lies outside of the frame")
    cut = pixels[top:bottom, left:right]
    return np.asarray(cv2.resize(cut, (size_px, size_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _face_region(
    pixels: Pixels, points: NDArray[np.float64], transform: NDArray[np.float64], size_px: int
) -> tuple[Pixels, NDArray[np.float64]]:
    """The part that the crop will show, with a small border, so a 24-megapixel portrait is not halved as a whole."""
    inverse = np.linalg.inv(transform[:, :2])
    edge = float(size_px)
    corners = (np.array([[0, 0], [edge, 0], [0, edge], [edge, edge]]) - transform[:, 2]) @ inverse.T
    border = 4 / alignment.scale(transform)
    height, width = pixels.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0) - border), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0) + border), (left + 1, top + 1), (width, height)).astype(int)
    return pixels[top:bottom, left:right], points - (left, top)
