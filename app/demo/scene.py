"""What the camera at the gate sees: people placed in the lobby at a distance, in a light, as a JPEG.

Pure drawing from a description, so that the same description is the same frame, on every run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Pixels
from app.demo import lobby
from app.demo.cast import Portrait
from app.demo.figure import Figure, cut_out, lengthened, pose, scaled, shortened

JPEG_QUALITY = 85
# A camera at head height sees a face near the horizon; nearer people stand a little higher in the picture.
_RISE = 0.12


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
LIGHTS_OUT = Light(gain=0.1)
SUNNY = Light(gain=1.12, face_gain=1.12, tint=(0.96, 1.0, 1.03))


@dataclass(frozen=True)
class Standing:
    """One person in one frame. x: of the face's centre, 0 left to 1 right. face_px: width of the face in the frame."""

    portrait: Portrait
    face_px: float
    x: float = 0.5
    roll_deg: float = 0.0
    yaw_deg: float = 0.0


@dataclass(frozen=True)
class Frame:
    """People from the farthest to the nearest."""

    people: tuple[Standing, ...] = ()
    light: Light = DAY


class Studio:
    """Draws frames. photo: the pixels of a portrait by its artifact's name; each is cut out once."""

    def __init__(self, photo: Callable[[str], Pixels]) -> None:
        self._photo = photo
        self._figures: dict[Portrait, Figure] = {}

    def draw(self, frame: Frame, seed: int = 0) -> Pixels:
        """(720, 1280, 3) uint8 BGR; `seed` moves nothing but the sensor's noise."""
        picture = lobby.background()
        for standing in frame.people:
            picture = _placed(picture, *self._figure_in(standing), frame.light.face_gain)
        picture = lobby.gate_in_front(picture) * (np.array(frame.light.tint, np.float32) * frame.light.gain)
        noise = np.random.default_rng(seed).standard_normal(picture.shape, dtype=np.float32)
        return np.clip(picture + frame.light.noise * noise, 0, 255).astype(np.uint8)

    def shoot(self, frame: Frame, seed: int = 0) -> bytes:
        """`draw` as JPEG bytes."""
        written, data = cv2.imencode(".jpg", self.draw(frame, seed), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not written:
            raise ValueError("the frame cannot be written as JPEG")
        return bytes(data)

    def face_of(self, standing: Standing) -> Box:
        """Where the face of this person is in the frame."""
        figure, left, top = self._figure_in(standing)
        face = figure.face
        return replace(face, x_px=face.x_px + left, y_px=face.y_px + top)

    def _figure_in(self, standing: Standing) -> tuple[Figure, int, int]:
        """The person at their size, and where the figure's upper left corner comes to lie in the frame."""
        if standing.portrait not in self._figures:
            self._figures[standing.portrait] = cut_out(self._photo(standing.portrait.artifact), standing.portrait.face)
        figure = self._figures[standing.portrait]
        ratio = standing.face_px / figure.face.width_px
        left = round(standing.x * lobby.WIDTH_PX - figure.face.centre[0] * ratio)
        top = round(lobby.HORIZON[1] - _RISE * standing.face_px - figure.face.centre[1] * ratio)
        # What the frame does not show is not posed: most photos reach far below it.
        figure = shortened(figure, round((lobby.HEIGHT_PX - top) / ratio) + 1)
        figure = scaled(pose(figure, roll_deg=standing.roll_deg, yaw_deg=standing.yaw_deg), standing.face_px)
        return lengthened(figure, lobby.HEIGHT_PX - top), left, top


def _placed(picture: NDArray[np.float32], figure: Figure, left: int, top: int, gain: float) -> NDArray[np.float32]:
    """The picture with the figure before it; what lies beyond the frame is cut."""
    height, width = picture.shape[:2]
    rows, columns = slice(max(0, top), height), slice(max(0, left), min(width, left + figure.alpha.shape[1]))
    inside = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    # The light of the room falls on people as on walls: from the windows on the left.
    person = figure.pixels[inside] * (lobby.daylight()[:, columns] * gain)
    cover = figure.alpha[inside][..., None]
    shown = picture.copy()
    shown[rows, columns] = picture[rows, columns] * (1 - cover) + person * cover
    return shown
