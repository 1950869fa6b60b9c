"""The script: who walks up to the gate and how, the expected answer, and what an admin does in between.

Every reason that a newcomer will meet comes up once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from app.core.types import OPENING, Reason
from app.demo.film.cast import (
    BARACK,
    BARACK_STANDING,
    BARACK_YOUNGER,
    EILEEN_SUITED,
    EMMANUEL,
    EMMANUEL_LATER,
    JACINDA,
    JACINDA_SMILING,
    JOE_STANDING,
    RISHI_SMILING,
    Person,
    Portrait,
)
from app.demo.film.scene import AGAINST_THE_LIGHT, DAY, EVENING, LIGHTS_OUT, SUNNY, Frame, Light, PlacedFigure


@dataclass(frozen=True)
class Approach:
    """One request for a decision. who: the name for the audience. person: who the gate should recognise, or None."""

    who: str
    how: str
    frames: tuple[Frame, ...]
    reason: Reason
    person: Person | None = None

    @property
    def opens(self) -> bool:
        return self.reason in OPENING


class Verb(Enum):
    """What an admin does to an employee, in the words of the narration."""

    DEACTIVATE = "is suspended (PATCH status=inactive)"
    REACTIVATE = "is active again (PATCH status=active)"
    ERASE = "is erased: photos, template, name and key (DELETE)"


@dataclass(frozen=True)
class Change:
    person: Person
    verb: Verb


def walk(
    portrait: Portrait,
    *face_px: float,
    x: float = 0.5,
    roll_deg: float = 0.0,
    yaw_deg: float = 0.0,
    light: Light = DAY,
    behind: tuple[PlacedFigure, ...] = (),
) -> tuple[Frame, ...]:
    """Returns frames of one person coming nearer, one for each face width, and drifting towards the middle."""

    def one(step: int, width: float) -> Frame:
        sway = 1 - 0.3 * step
        here = PlacedFigure(portrait, width, 0.5 + (x - 0.5) * sway, roll_deg * sway, yaw_deg * sway)
        return Frame((*behind, here), light)

    return tuple(one(step, width) for step, width in enumerate(face_px))


def play() -> Iterator[Approach | Change]:
    """Yields the whole script, in order."""
    recognised = Reason.RECOGNISED
    yield Approach("nobody", "an empty lobby", (Frame(),), Reason.NO_FACE)
    yield Approach(JACINDA.name, "walks up, 3 frames", walk(JACINDA_SMILING, 100, 140, 190), recognised, JACINDA)
    yield Approach("Joe Biden", "stranger, 3 frames", walk(JOE_STANDING, 70, 110, 160), Reason.NOT_RECOGNISED)
    yield Approach(BARACK.name, "far: face of 62 px", walk(BARACK_STANDING, 62, x=0.56), recognised, BARACK)
    yield Approach(
        EMMANUEL.name,
        "off centre, turned",
        walk(EMMANUEL_LATER, 120, 160, x=0.27, roll_deg=8, yaw_deg=9),
        recognised,
        EMMANUEL,
    )
    yield Approach("Rishi Sunak", "stranger, near", walk(RISHI_SMILING, 250, yaw_deg=-8), Reason.NOT_RECOGNISED)
    yield Approach(
        BARACK.name,
        "younger, head tilted 14°",
        walk(BARACK_YOUNGER, 150, x=0.6, roll_deg=14),
        recognised,
        BARACK,
    )
    yield Approach(
        "Eileen Collins", "stranger, evening light", walk(EILEEN_SUITED, 80, 115, light=EVENING), Reason.NOT_RECOGNISED
    )
    yield Approach(
        JACINDA.name, "evening, 2 frames", walk(JACINDA_SMILING, 110, 150, x=0.42, light=EVENING), recognised, JACINDA
    )
    yield Approach(
        EMMANUEL.name,
        "against the light, near",
        walk(EMMANUEL_LATER, 200, 260, roll_deg=-9, light=AGAINST_THE_LIGHT),
        recognised,
        EMMANUEL,
    )
    yield Approach(BARACK.name, "too far: face of 36 px", walk(BARACK_STANDING, 36), Reason.FACE_TOO_SMALL)
    yield Approach(
        JACINDA.name,
        "a stranger waits behind",
        walk(JACINDA_SMILING, 130, 180, x=0.54, light=SUNNY, behind=(PlacedFigure(JOE_STANDING, 66, 0.36),)),
        recognised,
        JACINDA,
    )
    two = PlacedFigure(JACINDA_SMILING, 150, 0.36), PlacedFigure(EMMANUEL_LATER, 150, 0.63)
    yield Approach("two employees", "side by side", (Frame(two),), Reason.SEVERAL_FACES)
    yield Approach(
        "Jacinda, then Joe",
        "he slips in behind",
        (*walk(JACINDA_SMILING, 130), *walk(JOE_STANDING, 150)),
        Reason.AMBIGUOUS,
    )
    yield Approach(
        EMMANUEL.name,
        "the lights are out",
        walk(EMMANUEL_LATER, 140, light=LIGHTS_OUT),
        Reason.POOR_QUALITY,
    )
    again = walk(BARACK_YOUNGER, 90, 130)
    yield Change(BARACK, Verb.DEACTIVATE)
    yield Approach(BARACK.name, "walks up, 2 frames", again, Reason.EMPLOYEE_INACTIVE, BARACK)
    yield Change(BARACK, Verb.REACTIVATE)
    yield Approach(BARACK.name, "the same 2 frames", again, recognised, BARACK)
    yield Change(EMMANUEL, Verb.ERASE)
    yield Approach(EMMANUEL.name, "walks up, 2 frames", walk(EMMANUEL_LATER, 120, 170), Reason.NOT_RECOGNISED)
