"""How often somebody with so many photos is turned away, by the pack's table: no figure where nothing was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.recognition.measured import MeasuredRate, nearest


@dataclass(frozen=True)
class Strength:
    """What was measured closest to a site.

    Attributes:
        one, three: the share of tries turned away with one photo, and with three; above 0.
        enrolled, rate: for how many people, and at which false accept rate.
        at_least: the site is harder than what was measured: more people, or a stricter rate.
    """

    one: float
    three: float
    enrolled: int
    rate: float
    at_least: bool


def strength(table: Sequence[MeasuredRate], enrolled: int, rate: float) -> Strength | None:
    """Returns the figures for the next larger number of people and the nearest rate; None where nothing was measured
    for one photo and for three."""
    found = {photos: _closest(nearest(table, enrolled, photos), rate) for photos in (1, 3)}
    one, three = found[1], found[3]
    if one is None or three is None or (one.photos, three.photos) != (1, 3):
        return None
    harder = enrolled > one.enrolled or rate < one.rate
    return Strength(_share(one), _share(three), one.enrolled, one.rate, harder)


def _closest(rows: Sequence[MeasuredRate], rate: float) -> MeasuredRate | None:
    return min(rows, key=lambda row: abs(math.log(row.rate / rate)), default=None)


def _share(row: MeasuredRate) -> float:
    """The share, or what it may be at most where nobody was turned away."""
    return row.turned_away.value or row.turned_away.high or 1 / row.employees
