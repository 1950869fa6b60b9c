"""How sure a counted rate is. Two answers, for two questions.

Wilson's interval takes every comparison as independent; it is the classic one for a count, and too narrow here, since
the comparisons of one person hang together. The bootstrap draws whole *people* anew, so it is not.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959964
DRAWS = 400


def wilson(count: int, of: int) -> list[float] | None:
    """95 % interval of a share. E. B. Wilson, Journal of the American Statistical Association 22, 1927."""
    if of == 0:
        return None
    p, z2 = count / of, Z95**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of))
    return [max(0.0, middle - half), min(1.0, middle + half)]


def over_people(
    people: int,
    statistic: Callable[[NDArray[np.float64]], float],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> list[float] | None:
    """95 % percentile interval; `statistic` is given how often each of `people` was drawn. None where it says NaN.

    B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993; by the subject, as ISO/IEC 19795-1 asks.
    """
    if people < 2:
        return None
    found = [statistic(rng.multinomial(people, np.full(people, 1 / people)).astype(float)) for _ in range(draws)]
    finite = np.array([value for value in found if not math.isnan(value)])
    return [float(x) for x in np.quantile(finite, (0.025, 0.975))] if len(finite) > draws / 2 else None
