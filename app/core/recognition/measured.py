"""What a pack's false-accept rate came to for people outside its calibration: measured, never extrapolated."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A measured share, 0 to 1, with its 95 % interval from resampling people."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high <= 1:
            raise ValueError(f"not a share with an interval: {self}")


@dataclass(frozen=True)
class MeasuredRate:
    """One frame an attempt, at one setting of the rate.

    Attributes:
        rate: the rate that was set. enrolled: people in the gallery. photos: of each of them.
        let_in: share of strangers' attempts that opened (FPIR). turned_away: share of employees' attempts that did not
            open as themselves (FNIR).
        strangers, employees: how many attempts of each were made.
    """

    rate: float
    enrolled: int
    photos: int
    let_in: Share
    turned_away: Share
    strangers: int
    employees: int


def nearest(table: Sequence[MeasuredRate], enrolled: int, photos: int) -> list[MeasuredRate]:
    """The rows for a site, by falling rate: of the measured sizes the smallest that is no smaller than the site, or the
    largest; of the measured numbers of photos the largest that is no larger, or the smallest. So the site is no worse
    than its rows say, unless it is larger than all of them. Empty for an empty table."""
    if not table:
        return []
    sizes, counts = {row.enrolled for row in table}, {row.photos for row in table}
    size = min((n for n in sizes if n >= enrolled), default=max(sizes))
    count = max((n for n in counts if n <= photos), default=min(counts))
    return sorted((row for row in table if (row.enrolled, row.photos) == (size, count)), key=lambda row: -row.rate)
