"""Confidence intervals of counted rates, computed in two ways.

Wilson's interval treats comparisons as independent. It is the classic interval for a count, but too narrow here,
because comparisons of the same person are correlated. The bootstrap resamples whole *people*, which avoids that.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.core.events.outliers import Interval

DRAWS = 400


def wilson(count: int, of: int) -> list[float] | None:
    """Returns the 95 % interval of a share (E. B. Wilson, Journal of the American Statistical Association 22, 1927)."""
    share = Interval(count, of)
    return [share.low, share.high] if of else None


def over_people(
    people: int,
    statistic: Callable[[NDArray[np.float64]], float],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> list[float] | None:
    """Returns the 95 % percentile interval of a bootstrap over people; None if most draws give NaN.

    B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993; resampled by person as in ISO/IEC 19795-1.

    Args:
        statistic: receives (people,), how often each person was drawn.
    """
    if people < 2:
        return None
    found = [statistic(rng.multinomial(people, np.full(people, 1 / people)).astype(float)) for _ in range(draws)]
    finite = np.array([value for value in found if not math.isnan(value)])
    return [float(x) for x in np.quantile(finite, (0.025, 0.975))] if len(finite) > draws / 2 else None
