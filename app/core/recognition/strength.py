"""How often somebody with so many photos is turned away: what was measured, and no figure where nothing was.

From the first table of models/README.md, "Does a set rate hold for people the fit never saw?": one frame a try, press
photos of people outside the calibration. A test compares the two.
"""

import math
from dataclasses import dataclass

SETS = (0.01, 0.003, 0.001)  # false accept rates that were set
# By pack, people enrolled and photos each: the share of employees' tries turned away (FNIR), one for each rate.
MEASURED: dict[str, dict[tuple[int, int], tuple[float, float, float]]] = {
    "sface": {
        (500, 1): (0.027, 0.040, 0.062),
        (500, 3): (0.005, 0.007, 0.011),
        (1000, 1): (0.034, 0.052, 0.078),
        (1000, 3): (0.007, 0.010, 0.016),
        (2500, 1): (0.050, 0.075, 0.121),
        (2500, 3): (0.008, 0.013, 0.023),
    }
}
ENROLLED = (500, 1000, 2500)


@dataclass(frozen=True)
class Strength:
    """What was measured closest to a site.

    Attributes:
        one, three: the share of tries turned away with one photo, and with three.
        enrolled, rate: for how many people, and at which false accept rate.
        at_least: the site is harder than what was measured: more people, or a stricter rate.
    """

    one: float
    three: float
    enrolled: int
    rate: float
    at_least: bool


def strength(pack: str, enrolled: int, rate: float) -> Strength | None:
    """Returns the figures for the next larger number of people and the nearest rate; None for an unmeasured pack."""
    table = MEASURED.get(pack)
    if table is None:
        return None
    size = next((size for size in ENROLLED if enrolled <= size), ENROLLED[-1])
    nearest = min(range(len(SETS)), key=lambda i: abs(math.log(SETS[i] / rate)))
    harder = enrolled > size or rate < SETS[nearest]
    return Strength(table[size, 1][nearest], table[size, 3][nearest], size, SETS[nearest], harder)
