"""Draws a cut-out person into the camera's picture, at any size and place, with the head tilted and turned.

Each figure is kept at sizes half an octave apart and drawn from the nearest larger one in a single step, to fractions
of a pixel: whoever walks through a clip grows without a tremble, and a frame takes milliseconds.
"""

from dataclasses import dataclass, replace
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box
from app.demo.film.figure import FACE_PX, Figure, lengthened, scaled, shortened

# How far below the face a figure reaches, in face widths: to the lower edge of the picture for a face of 36 px.
_REACH = 11.0
_STEP = 2**0.5
_LEVELS = 7
# The bent grid is worked out at every fourth pixel: it is smooth, and the head is at least ten of these wide.
_COARSE = 4
_EDGE_PX = 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure at one size, to draw from. face: in its pixels.

    bgra: (height, width, 4) uint8 with a transparent rim on both sides.
    """

    bgra: NDArray[np.uint8]
    face: Box


@dataclass(frozen=True, eq=False)
class Drawn:
    """The visible part of a figure in a picture, from `left` and `top`. face: in the picture's pixels.

    pixels: (height, width, 3) float32 BGR, 0 to 255. cover: (height, width, 1) float32, 0 to 1.
    """

    pixels: Floats
    cover: Floats
    left: int
    top: int
    face: Box


class Model:
    """One person, ready to be drawn at any size. below_px: of the picture, under the face's middle."""

    def __init__(self, figure: Figure, below_px: int) -> None:
        self._figure = figure
        self._below_px = below_px
        self._sheets: dict[int, Sheet] = {}

    def drawn(
        self, face_px: float, centre: tuple[float, float], size: tuple[int, int], roll_deg: float, yaw_deg: float
    ) -> Drawn:
        """The person with the face's middle (before the head tilts) at `centre` in a picture of `size`, width first.

        roll_deg: clockwise for the viewer; yaw_deg: to the viewer's right. The shoulders stay.
        """
        sheet = self._sheet(face_px)
        ratio = face_px / sheet.face.width_px
        x0, y0 = (centre[i] - sheet.face.centre[i] * ratio for i in (0, 1))
        height, width = sheet.bgra.shape[:2]
        left, right = _span(x0, width * ratio, size[0])
        top, bottom = _span(y0, height * ratio, size[1])
        xs, ys = _bent(sheet.face, (left - x0, top - y0), (right - left, bottom - top), ratio, roll_deg, yaw_deg)
        bgra = cv2.remap(sheet.bgra, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT).astype(np.float32)
        face = Box(
            x0 + sheet.face.x_px * ratio,
            y0 + sheet.face.y_px * ratio,
            sheet.face.width_px * ratio,
            sheet.face.height_px * ratio,
        )
        return Drawn(bgra[..., :3], bgra[..., 3:] / np.float32(255), left, top, _tilted(face, roll_deg))

    def _sheet(self, face_px: float) -> Sheet:
        level = min(_LEVELS, max(0, floor(np.log(FACE_PX / face_px) / np.log(_STEP))))
        if level not in self._sheets:
            self._sheets[level] = self._made(FACE_PX / _STEP**level)
        return self._sheets[level]

    def _made(self, face_px: float) -> Sheet:
        figure = scaled(self._figure, face_px)
        long = lengthened(figure, round(figure.face.centre[1] + _REACH * face_px))
        # This sheet is drawn at no less than 1 / _STEP of its size, so the picture shows no more of it than this.
        figure = shortened(long, round(figure.face.centre[1] + _STEP * self._below_px) + _EDGE_PX)
        bgra = np.dstack([figure.pixels, 255 * figure.alpha]).round().astype(np.uint8)
        bgra = cv2.copyMakeBorder(bgra, 0, 0, _EDGE_PX, _EDGE_PX, cv2.BORDER_REPLICATE).astype(np.uint8)
        bgra[:, [0, 1, -2, -1], 3] = 0
        return Sheet(bgra, replace(figure.face, x_px=figure.face.x_px + _EDGE_PX))


def _span(start: float, length: float, end: int) -> tuple[int, int]:
    """Returns the whole pixels that `length` from `start` covers, at least one."""
    low = min(max(0, floor(start)), end - 1)
    return low, max(low + 1, min(end, ceil(start + length)))


def _bent(
    face: Box, offset: tuple[float, float], size: tuple[int, int], ratio: float, roll_deg: float, yaw_deg: float
) -> tuple[Floats, Floats]:
    """Returns where in a sheet each pixel of a drawing comes from. offset: of the drawing in the figure."""
    step = _COARSE
    across, down = (-(-length // step) for length in size)
    # The middle of the coarse cells, as cv2.resize takes them.
    xs, ys = np.meshgrid(*((np.arange(n, dtype=np.float32) + 0.5) * step - 0.5 for n in (across, down)))
    xs, ys = (xs + offset[0] + 0.5) / ratio - 0.5, (ys + offset[1] + 0.5) / ratio - 0.5
    centre_x, chin_y = face.centre[0], face.y_px + face.height_px
    # Tilt: full above the chin, none below the collar; the neck bends in between.
    bend = 1 - _smooth((ys - (chin_y - 0.1 * face.height_px)) / (0.55 * face.height_px))
    angle = np.radians(roll_deg) * bend
    pivot_y = chin_y + 0.1 * face.height_px
    dx, dy = xs - centre_x, ys - pivot_y
    from_x = centre_x + np.cos(angle) * dx + np.sin(angle) * dy
    from_y = pivot_y - np.sin(angle) * dx + np.cos(angle) * dy
    # Turn: the head is a ball wider than the face; a point of the picture lies where the turned ball's surface is.
    radius_x, radius_y = 0.78 * face.width_px, 0.92 * face.height_px
    u, v = (from_x - centre_x) / radius_x, (from_y - (face.centre[1] - 0.05 * face.height_px)) / radius_y
    reach = np.clip(u * u + v * v, 0, 1)
    yaw = np.radians(yaw_deg)
    moved = u * np.cos(yaw) - np.sqrt(1 - reach) * np.sin(yaw) - u
    from_x = from_x + radius_x * moved * (1 - _smooth((np.sqrt(reach) - 0.3) / 0.7))
    # Portraits are cut at the elbows by their sides; narrower towards the hips, the rest is a coat and not a box.
    waist = _smooth((ys - (chin_y + 0.7 * face.height_px)) / (3 * face.height_px))
    from_x = centre_x + (from_x - centre_x) * (1 + 0.4 * waist)
    whole = (across * step, down * step)
    fine = [cv2.resize(grid.astype(np.float32), whole) for grid in (from_x, from_y)]
    return fine[0][: size[1], : size[0]].astype(np.float32), fine[1][: size[1], : size[0]].astype(np.float32)


def _tilted(face: Box, roll_deg: float) -> Box:
    """Returns the face's box after the head tilted about the neck."""
    angle = np.radians(roll_deg)
    pivot_y = face.y_px + 1.1 * face.height_px
    dy = face.centre[1] - pivot_y
    x, y = face.centre[0] - np.sin(angle) * dy, pivot_y + np.cos(angle) * dy
    return Box(float(x) - face.width_px / 2, float(y) - face.height_px / 2, face.width_px, face.height_px)


def _smooth(value: Floats) -> Floats:
    t = np.clip(value, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
