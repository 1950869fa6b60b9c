"""Who or what is refused more often than the rest, by counts that can tell and not by a bare share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Z95 = 1.959964
LEAST = 20  # attempts below which nothing is said


@dataclass(frozen=True)
class Interval:
    """A share with its 95 % interval (E. B. Wilson, Journal of the American Statistical Association 22, 1927)."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        return max(0.0, self._middle - self._half) if self.of else 0.0

    @property
    def high(self) -> float:
        return min(1.0, self._middle + self._half) if self.of else 1.0

    @property
    def _middle(self) -> float:
        return (self.value + Z95**2 / (2 * self.of)) / (1 + Z95**2 / self.of)

    @property
    def _half(self) -> float:
        spread = self.value * (1 - self.value) / self.of + Z95**2 / (4 * self.of**2)
        return Z95 / (1 + Z95**2 / self.of) * math.sqrt(spread)


@dataclass(frozen=True)
class Compared:
    """One of several: its refusals among its attempts, beside those of all others together."""

    name: str
    own: Interval
    rest: Interval

    @property
    def stands_out(self) -> bool:
        """Whether it is refused more often than the others, beyond what chance explains: the intervals do not meet."""
        return self.own.of >= LEAST and self.rest.of >= LEAST and self.own.low > self.rest.high


def compare(refused: Mapping[str, int], passed: Mapping[str, int]) -> list[Compared]:
    """Returns each name with an attempt, those that stand out first, then by falling share.

    Args:
        refused, passed: attempts by name.
    """
    names = {name for name in (*refused, *passed) if refused.get(name, 0) + passed.get(name, 0)}
    all_refused, everything = sum(refused.values()), sum(refused.values()) + sum(passed.values())
    found = []
    for name in names:
        count = refused.get(name, 0)
        own = Interval(count, count + passed.get(name, 0))
        found.append(Compared(name, own, Interval(all_refused - count, everything - own.of)))
    return sorted(found, key=lambda one: (not one.stands_out, -one.own.value, one.name))
