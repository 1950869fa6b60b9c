"""Sees the edge of a phone, a screen or a sheet around a face: straight lines on both sides of it, and above or below.

Lines are found by LSD (Grompone von Gioi et al., "LSD: a fast line segment detector", IEEE TPAMI 32(4), 2010).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Pixels

FACE_PX = 52  # the longer side of the face in the searched picture
AROUND = 4.0  # how many faces wide and high that picture is
LEAST = 0.3  # of the face's longer side; shorter lines are texture
TILTS = np.radians(np.arange(-30, 31, 5))  # of the picture held up
PARALLEL = np.radians(5)
IN_LINE_PX = 2.0  # pieces of one edge are this near to one line
NEAREST, FARTHEST = 0.45, 2.0  # an edge is so many faces away from the face's middle
REACH = np.linspace(-1.5, 1.5, 61)  # where along an edge it is looked for, in faces from the face's middle

Floats = NDArray[np.float64]


def border(pixels: Pixels, box: Box) -> float:
    """Returns how long the edges around a face are, in faces: 0 without any, at most 6.

    Of the two edges beside the face the shorter counts, and of those above and below it the longer: a hand covers some,
    and a large screen ends outside the frame.

    Args:
        pixels: (height, width, 3) uint8 BGR.
        box: of the face, at least partly in the picture.
    """
    grey, origin, scale = _searched(pixels, box)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(grey)[0]
    if found is None:
        return 0.0
    face = np.array([box.width_px, box.height_px]) * scale
    ends = found.reshape(-1, 2, 2).astype(np.float64) - (np.array(box.centre) - origin) * scale
    along = ends[:, 1] - ends[:, 0]
    long = np.hypot(*along.T) >= LEAST * face.max()
    ends, angle = ends[long], np.arctan2(along[long, 1], along[long, 0])
    return max(_beside(ends, angle, tilt, face) for tilt in TILTS)


def _searched(pixels: Pixels, box: Box) -> tuple[NDArray[np.uint8], NDArray[np.float64], float]:
    """Returns the face and its surroundings in grey, where they begin in the frame, and their scale."""
    centre, half = np.array(box.centre), AROUND / 2 * np.array([box.width_px, box.height_px])
    rows, columns = pixels.shape[:2]
    left, top = np.clip(np.floor(centre - half), 0, (columns - 1, rows - 1)).astype(int)
    right, bottom = np.clip(np.ceil(centre + half), (left + 1, top + 1), (columns, rows)).astype(int)
    scale = FACE_PX / max(box.width_px, box.height_px)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(pixels[top:bottom, left:right], size, interpolation=way)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False), np.array([left, top]), scale


def _beside(ends: Floats, angle: Floats, tilt: float, face: Floats) -> float:
    """Returns `border` of a picture held at this tilt."""
    left, right = _pair(ends, angle, tilt + np.pi / 2, across=face[0], along=face[1])
    top, bottom = _pair(ends, angle, tilt, across=face[1], along=face[0])
    return min(left, right) + max(top, bottom)


def _pair(ends: Floats, angle: Floats, direction: float, *, across: float, along: float) -> tuple[float, float]:
    """Returns the length of the longest edge in this direction on either side of the face, in faces.

    across, along: the face's size across the edges and along them.
    """
    turned = np.abs((angle - direction + np.pi / 2) % np.pi - np.pi / 2)
    ends = ends[turned < PARALLEL]
    unit = np.array([np.cos(direction), np.sin(direction)])
    away = ends.mean(axis=1) @ np.array([-unit[1], unit[0]])
    from_to = np.sort(ends @ unit, axis=1) / along
    covers = (from_to[:, :1] <= REACH) & (from_to[:, 1:] >= REACH)
    lengths = []
    for side in (-1, 1):
        there = (side * away >= NEAREST * across) & (side * away <= FARTHEST * across)
        one_line = np.abs(away[there, None] - away[there]) < IN_LINE_PX
        covered = (one_line.astype(np.int64) @ covers[there].astype(np.int64) > 0).mean(axis=1)
        lengths.append(float(covered.max(initial=0.0)) * float(REACH[-1] - REACH[0]))
    return lengths[0], lengths[1]
