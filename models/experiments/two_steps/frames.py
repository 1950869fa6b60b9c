"""Renders gate frames from labelled photos: the person is cut out and placed before a drawn background.

Place, size and background are random, so the background reveals nothing about the person.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Pixels
from app.demo.film.figure import cut_out, lengthened
from models.siamese.augment import compression, exposure, sensor_noise, side_light

WIDTH_PX, HEIGHT_PX = 320, 240
# Face widths: the narrowest that a detector finds reliably, and one that fills half of the height.
NARROWEST_PX, WIDEST_PX = 36, 120
_BELOW = 5.0  # clothing below the chin, in face heights, so that nobody floats


@dataclass(frozen=True, eq=False)
class Visitor:
    """One person with transparent surroundings, (height, width, 4) uint8, and the box of the face in it."""

    bgra: NDArray[np.uint8]
    face: Box


def visitor(photo: Pixels, face: Box) -> Visitor:
    """Cuts the person out of a photo and extends the clothing downwards."""
    figure = cut_out(photo, face)
    figure = lengthened(figure, round(figure.face.y_px + (1 + _BELOW) * figure.face.height_px))
    bgra = np.dstack([figure.pixels, 255 * figure.alpha]).round().astype(np.uint8)
    # A transparent rim, so that rotating the picture does not smear its edge.
    bgra = np.asarray(cv2.copyMakeBorder(bgra, 1, 1, 1, 1, cv2.BORDER_REPLICATE), dtype=np.uint8)
    bgra[[0, -1], :, 3] = bgra[:, [0, -1], 3] = 0
    box = Box(figure.face.x_px + 1, figure.face.y_px + 1, figure.face.width_px, figure.face.height_px)
    return Visitor(bgra, box)


@dataclass(frozen=True, eq=False)
class Placed:
    """A frame, (height, width, 3) uint8 BGR, and the (2, 3) map from the visitor's pixels to it."""

    pixels: Pixels
    matrix: NDArray[np.float64]


def frame(who: Visitor, rng: np.random.Generator) -> Pixels:
    """Returns a frame, (240, 320, 3) uint8 BGR, with the visitor's whole face in it."""
    return placed(who, float(np.exp(rng.uniform(np.log(NARROWEST_PX), np.log(WIDEST_PX)))), rng).pixels


def placed(
    who: Visitor,
    face_px: float,
    rng: np.random.Generator,
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    harsh: float = 1.0,
) -> Placed:
    """Renders a frame of `size` (width, height) in which the visitor's face is `face_px` wide and fully visible.

    Args:
        harsh: the strength of light, sensor and codec effects, 0 to 1; at 1, some faces are overexposed.
    """
    scale = face_px / who.face.width_px
    half_width, half_height = face_px / 2, who.face.height_px * scale / 2
    x = rng.uniform(half_width, size[0] - half_width)
    y = rng.uniform(min(1.4 * half_height, size[1] / 2), size[1] - half_height)
    matrix = cv2.getRotationMatrix2D(who.face.centre, float(rng.uniform(-12, 12)), scale)
    matrix[:, 2] += np.array([x - who.face.centre[0], y - who.face.centre[1]])
    shown = cv2.warpAffine(_prefiltered(who, scale), matrix, size).astype(np.float32)
    cover = shown[..., 3:] / 255
    scene = background(rng, size) * (1 - cover) + shown[..., :3] * cover
    pixels = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
    for effect, strongest in ((side_light, 0.5), (exposure, 0.6), (sensor_noise, 0.3), (compression, 0.7)):
        pixels = effect(pixels, harsh * float(rng.uniform(0, strongest)), rng)
    return Placed(pixels, np.asarray(matrix, dtype=np.float64))


def background(rng: np.random.Generator, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)) -> NDArray[np.float32]:
    """Draws a wall with panels, edges and clutter, (height, width, 3) float32, 0 to 255."""
    width, height = size
    larger = width / WIDTH_PX  # clutter scales with the frame
    corners = np.stack([_colour(rng) for _ in range(4)]).reshape(2, 2, 3)
    wall = np.asarray(cv2.resize(corners, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    for _ in range(int(rng.integers(4, 16))):
        a = rng.uniform((-40 * larger, -40 * larger), size).astype(int)
        b = (a + rng.uniform(10, 180, 2) * larger).astype(int)
        colour = _colour(rng).tolist()
        thickness = int(rng.choice([-1, 1, 2, 4]))
        if rng.random() < 0.7:
            cv2.rectangle(wall, a.tolist(), b.tolist(), colour, thickness, cv2.LINE_AA)
        else:
            cv2.circle(wall, a.tolist(), int(rng.uniform(5, 60) * larger), colour, thickness, cv2.LINE_AA)
    coarse = rng.normal(0, 8, (height // 8, width // 8, 3)).astype(np.float32)
    wall += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), float(rng.uniform(0.6, 3))), dtype=np.float32)


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns the colour of a wall or an object: any brightness, rarely saturated."""
    tint = rng.normal(0, 22, 3)
    return np.clip(rng.uniform(25, 230) + tint, 0, 255).astype(np.float32)


def _prefiltered(who: Visitor, scale: float) -> NDArray[np.uint8]:
    """Smooths the visitor if it will be shrunk, because a bilinear warp alone would alias."""
    if scale >= 0.9:
        return who.bgra
    return np.asarray(cv2.GaussianBlur(who.bgra, (0, 0), 0.45 / scale), dtype=np.uint8)
