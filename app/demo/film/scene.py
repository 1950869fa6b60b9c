"""The camera's view: people in the lobby at some distance and in some light, as a JPEG.

Pure drawing from a description, so that the same description is the same frame, on every run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Pixels
from app.demo.film import lobby
from app.demo.film.cast import Portrait
from app.demo.film.figure import cut_out
from app.demo.film.posing import Drawn, Model

JPEG_QUALITY = 85
# A camera at head height sees a face near the horizon; nearer people stand a little higher in the picture.
_RISE = 0.12
_MOST_RISE_PX = 60
_NOISE_SPARE_PX = 97


@dataclass(frozen=True)
class Light:
    """gain: of everything. face_gain: of the people on top, below 1 against the light. tint: of blue, green, red."""

    gain: float = 1.0
    face_gain: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    noise: float = 2.0


DAY = Light()
EVENING = Light(gain=0.5, tint=(0.78, 0.95, 1.1), noise=5.0)
AGAINST_THE_LIGHT = Light(gain=1.12, face_gain=0.55, noise=3.0)
LIGHTS_OUT = Light(gain=0.055)
SUNNY = Light(gain=1.12, face_gain=1.12, tint=(0.96, 1.0, 1.03))


@dataclass(frozen=True)
class PlacedFigure:
    """One person in one frame. x: of the face's centre, 0 left to 1 right, beyond that out of the picture. face_px:
    width of the face in the frame. step: how far the head is up in a stride, in face widths."""

    portrait: Portrait
    face_px: float
    x: float = 0.5
    roll_deg: float = 0.0
    yaw_deg: float = 0.0
    step: float = 0.0


@dataclass(frozen=True)
class Frame:
    """People from the farthest to the nearest."""

    people: tuple[PlacedFigure, ...] = ()
    light: Light = DAY


class Studio:
    """Draws frames. photo: the pixels of a portrait by its artifact's name; each is cut out once."""

    def __init__(self, photo: Callable[[str], Pixels]) -> None:
        self._photo = photo
        self._models: dict[Portrait, Model] = {}

    def draw(self, frame: Frame, seed: int = 0) -> Pixels:
        """Returns the frame, (720, 1280, 3) uint8 BGR. seed: changes only the sensor's noise."""
        picture = lobby.background().copy()
        for standing in frame.people:
            _place(picture, self._drawn(standing), frame.light.face_gain)
        lobby.put_gate_in_front(picture)
        colour = np.array(frame.light.tint, np.float32) * np.float32(frame.light.gain)
        if (colour != 1).any():
            picture *= colour
        picture += _noise(seed) * np.float32(frame.light.noise)
        return np.clip(picture, 0, 255, out=picture).astype(np.uint8)

    def shoot(self, frame: Frame, seed: int = 0) -> bytes:
        """`draw` as JPEG bytes."""
        written, data = cv2.imencode(".jpg", self.draw(frame, seed), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not written:
            raise ValueError("the frame cannot be written as JPEG")
        return bytes(data)

    def face_of(self, standing: PlacedFigure) -> Box:
        """Returns this person's face in the frame."""
        return self._drawn(standing).face

    def _drawn(self, standing: PlacedFigure) -> Drawn:
        portrait, face_px = standing.portrait, standing.face_px
        if portrait not in self._models:
            figure = cut_out(self._photo(portrait.artifact), portrait.face)
            self._models[portrait] = Model(figure, lobby.HEIGHT_PX - lobby.HORIZON[1] + _MOST_RISE_PX)
        y = lobby.HORIZON[1] - (_RISE + standing.step) * face_px
        size = lobby.WIDTH_PX, lobby.HEIGHT_PX
        centre = standing.x * lobby.WIDTH_PX, y
        return self._models[portrait].drawn(face_px, centre, size, standing.roll_deg, standing.yaw_deg)


def _place(picture: NDArray[np.float32], drawn: Drawn, gain: float) -> None:
    """Draws a person over the picture."""
    height, width = drawn.cover.shape[:2]
    rows, columns = slice(drawn.top, drawn.top + height), slice(drawn.left, drawn.left + width)
    # The light of the room falls on people as on walls: from the windows on the left.
    person = drawn.pixels * (lobby.daylight()[:, columns] * np.float32(gain))
    behind = picture[rows, columns]
    behind += (person - behind) * drawn.cover


def _noise(seed: int) -> NDArray[np.float32]:
    """Returns sensor noise, (720, 1280, 3), with a standard deviation of 1. Each seed gives another part of one sheet.

    Drawn anew for each picture it would take longer than everything else in it.
    """
    x, y, sign = np.random.default_rng(seed).integers((_NOISE_SPARE_PX, _NOISE_SPARE_PX, 2))
    return _noise_sheet()[int(sign), y : y + lobby.HEIGHT_PX, x : x + lobby.WIDTH_PX]


@cache
def _noise_sheet() -> NDArray[np.float32]:
    shape = lobby.HEIGHT_PX + _NOISE_SPARE_PX, lobby.WIDTH_PX + _NOISE_SPARE_PX, 3
    sheet = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return np.stack([sheet, -sheet])
