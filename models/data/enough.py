"""Checks, before the work starts, whether a dataset is large enough to calibrate on."""

import math

from models.accuracy.openset import Pools

# The least exceedances that a tail can be fitted on.
LEAST_EXCEEDANCES = 50
# The share of all comparisons within a random half of the people: a quarter, sometimes only a fifth.
SHARE_OF_A_HALF = 1 / 5


def enough_for_tail(p: Pools, body_rate: float) -> bool:
    """Whether a tail can be fitted on each half of the people. `body_rate` is the share of strangers that it uses."""
    photos, _ = usable(p)
    templates = sum(1 for mine in p.enrolment if len(mine))
    return any(len(mine) > 1 for mine in p.gate) and photos * templates >= _least(body_rate)


def tail_needs(name: str, p: Pools, body_rate: float) -> str:
    """Says in one line how small the dataset is and how large it must be."""
    photos, people = usable(p)
    two, four = (10 * math.ceil(math.sqrt(_least(body_rate) / each) / 10) for each in (2, 4))
    return (
        f"{name} has {photos} usable photos of {people} people, which gives too few similar pairs of strangers to "
        f"calibrate on; it needs about {two} people with two usable photos each, or {four} with four"
    )


def usable(p: Pools) -> tuple[int, int]:
    """Returns the number of photos good enough for an attempt, and of people who have one."""
    return sum(len(mine) for mine in p.gate), sum(1 for mine in p.gate if len(mine))


def _least(body_rate: float) -> float:
    return LEAST_EXCEEDANCES / body_rate / SHARE_OF_A_HALF
