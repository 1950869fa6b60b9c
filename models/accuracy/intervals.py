"""Confidence intervals of counted rates, computed in two ways.

Wilson's interval treats comparisons as independent. It is the classic interval for a count, but too narrow here,
because comparisons of the same person are correlated. The bootstrap resamples whole *people*, which avoids that.
"""

import math
from collections.abc import Callable, Sequence

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


def percent(share: float | None, digits: int = 3) -> str:
    """Writes a share in percent with so many significant digits, never with an exponent: "99.4 %", "0.0012 %"."""
    return "-" if share is None or math.isnan(share) else f"{_plain(100 * share, digits)} %"


def between(ends: Sequence[float] | None) -> str:
    """Writes an interval of a share in percent, "(0.63 to 3.4)"; nothing without one."""
    return "" if ends is None else f"({_plain(100 * ends[0], 2)} to {_plain(100 * ends[1], 2)})"


def _plain(number: float, digits: int) -> str:
    if number == 0:
        return "0"
    # One place after the point at least: 99.4 and 99.97 differ, and "1e+02" is no number to read.
    places = max(1, digits - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".")
