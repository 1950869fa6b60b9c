"""Whether a dataset is large enough for what is asked of it, said in one line before the work begins."""

import math

from models.accuracy.openset import Pools

# That a tail is fitted on: fewer say nothing of it.
LEAST_EXCEEDANCES = 50
# Of all comparisons, what a random half of the people makes: a quarter, now and then a fifth.
SHARE_OF_A_HALF = 1 / 5


def enough_for_tail(p: Pools, body_rate: float) -> bool:
    """Whether the tail of each half of the people can be fitted. body_rate: the share of strangers it is fitted on."""
    photos, _ = usable(p)
    templates = sum(1 for mine in p.enrolment if len(mine))
    return any(len(mine) > 1 for mine in p.gate) and photos * templates >= _least(body_rate)


def tail_needs(name: str, p: Pools, body_rate: float) -> str:
    """The line that says how small the dataset is and how large it must be."""
    photos, people = usable(p)
    two, four = (10 * math.ceil(math.sqrt(_least(body_rate) / each) / 10) for each in (2, 4))
    return (
        f"{name} has {photos} usable photos of {people} people, and too few comparisons of strangers among them are "
        f"alike enough to calibrate on; add people: about {two} with two usable photos each, or {four} with four"
    )


def usable(p: Pools) -> tuple[int, int]:
    """How many photos are good enough for an attempt, and of how many people."""
    return sum(len(mine) for mine in p.gate), sum(1 for mine in p.gate if len(mine))


def _least(body_rate: float) -> float:
    return LEAST_EXCEEDANCES / body_rate / SHARE_OF_A_HALF
