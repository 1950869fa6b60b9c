"""The live camera's clip: who walks up to the gate, when, and which event is expected.

Everybody moves on straight lines through the room, as seen from the camera, so whoever comes nearer grows faster and
faster. Times are seconds of the clip.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin

import numpy as np

from app.core.types import OPENING, Reason
from app.demo.film.cast import (
    BARACK,
    BARACK_YOUNGER,
    EILEEN,
    EILEEN_SUITED,
    EMMANUEL,
    EMMANUEL_LATER,
    JACINDA,
    JACINDA_SMILING,
    JOE,
    JOE_STANDING,
    RISHI,
    RISHI_SMILING,
    Person,
    Portrait,
)
from app.demo.film.scene import Frame, PlacedFigure

FPS = 15
# Half the time over which a corner of somebody's way is rounded off.
_ROUNDING_S = 0.2
_SAMPLES = 7
_STEPS_PER_S = 1.8
_LEFT, _RIGHT = -0.15, 1.15


@dataclass(frozen=True)
class Spot:
    """A person's place at a moment. x: of the face, 0 left to 1 right. face_px: grows as they come nearer."""

    at_s: float
    x: float
    face_px: float


@dataclass(frozen=True)
class Walk:
    """One person's way through the picture. how: for the audience.

    reason: what the one event of this approach ought to say; None for somebody who only passes by. until_s: that event
    falls before this, and after the `until_s` of the approach before.
    """

    person: Person
    portrait: Portrait
    how: str
    way: tuple[Spot, ...]
    reason: Reason | None = None
    until_s: float = 0.0

    @property
    def comes_s(self) -> float:
        return self.way[0].at_s

    @property
    def goes_s(self) -> float:
        return self.way[-1].at_s

    @property
    def opens(self) -> bool:
        return self.reason in OPENING

    def standing(self, at_s: float) -> PlacedFigure | None:
        """Returns the person at a moment, or None before they come and after they have left."""
        if not self.comes_s <= at_s <= self.goes_s:
            return None
        x, face_px = self._seen_from_the_camera(at_s)
        before, _ = self._seen_from_the_camera(at_s - _ROUNDING_S)
        # People look where they go, a little; the head nods and sways with the stride.
        sideways = (x - before) / _ROUNDING_S
        stride = 2 * pi * _STEPS_PER_S * at_s
        return PlacedFigure(
            self.portrait,
            face_px,
            x,
            roll_deg=1.2 * sin(stride / 2),
            yaw_deg=float(np.clip(20 * sideways, -9, 9)),
            step=0.015 * sin(stride),
        )

    def _seen_from_the_camera(self, at_s: float) -> tuple[float, float]:
        """x and face_px."""
        times = at_s + np.linspace(-_ROUNDING_S, _ROUNDING_S, _SAMPLES)
        when = [spot.at_s for spot in self.way]
        away = float(np.interp(times, when, [1 / spot.face_px for spot in self.way]).mean())
        aside = float(np.interp(times, when, [(spot.x - 0.5) / spot.face_px for spot in self.way]).mean())
        return 0.5 + aside / away, 1 / away


def _way(*spots: tuple[float, float, float]) -> tuple[Spot, ...]:
    return tuple(Spot(*spot) for spot in spots)


def _walks() -> tuple[Walk, ...]:
    """Returns the walks in the order of their events, passers-by last. Each point: second, x, face width."""
    return (
        Walk(
            JACINDA,
            JACINDA_SMILING,
            "comes from the left and walks through",
            _way((0.6, _LEFT, 42), (1.6, 0.28, 62), (3.2, 0.48, 170), (3.8, 0.5, 205), (4.8, 1.6, 290)),
            Reason.RECOGNISED,
            until_s=6.3,
        ),
        Walk(
            JOE,
            JOE_STANDING,
            "waits at the gate, and goes",
            _way((5.6, _RIGHT, 42), (6.5, 0.7, 62), (7.9, 0.5, 165), (8.6, 0.49, 172), (9.6, -0.5, 150)),
            Reason.NOT_RECOGNISED,
            until_s=11.2,
        ),
        Walk(
            BARACK,
            BARACK_YOUNGER,
            "comes with a stranger behind him",
            _way((10.6, _LEFT, 44), (11.6, 0.3, 66), (13.0, 0.5, 165), (13.7, 0.52, 205), (14.6, 1.6, 290)),
            Reason.RECOGNISED,
            until_s=15.2,
        ),
        Walk(
            RISHI,
            RISHI_SMILING,
            "follows, and steps up to the open gate",
            _way(
                (11.2, _LEFT, 36),
                (12.0, 0.22, 50),
                (13.0, 0.33, 70),
                (14.0, 0.36, 78),
                (15.1, 0.5, 165),
                (15.5, 0.5, 170),
                (16.4, -0.5, 150),
            ),
            Reason.NOT_RECOGNISED,
            until_s=18.0,
        ),
        Walk(
            EMMANUEL,
            EMMANUEL_LATER,
            "comes from the right",
            _way((17.4, _RIGHT, 44), (18.4, 0.66, 66), (19.8, 0.5, 170), (20.4, 0.49, 200), (21.4, -0.6, 280)),
            Reason.RECOGNISED,
            until_s=23.2,
        ),
        Walk(
            EILEEN,
            EILEEN_SUITED,
            "crosses behind him, and never comes near",
            _way((17.4, _LEFT, 38), (19.0, 0.5, 42), (20.5, _RIGHT, 38)),
        ),
    )


WALKS = _walks()
# Long enough to be told to stop after the last event, before the clip would begin again.
LENGTH_S = 23.6


def scene(at_s: float, walks: Sequence[Walk] = WALKS) -> Frame:
    """Returns what the camera sees at a moment, the farthest person first."""
    people = [standing for walk in walks if (standing := walk.standing(at_s)) is not None]
    return Frame(tuple(sorted(people, key=lambda standing: standing.face_px)))
