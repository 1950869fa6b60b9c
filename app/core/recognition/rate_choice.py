"""What each false-accept rate would mean at a site: strangers let in a year, and employees turned away a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.recognition.measured import MeasuredRate, Share, nearest


@dataclass(frozen=True)
class Span:
    """A count that is expected, with the range that its measurement leaves."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Traffic:
    """What happened at the gates on `days` days.

    Attributes:
        recognised: openings for somebody who was recognised.
        unrecognised: attempts in which a face was compared and nobody was identified. Who they were, nobody knows.
    """

    days: int
    recognised: int
    unrecognised: int


@dataclass(frozen=True)
class Choice:
    """What one rate would mean here. enrolled: the size of the gallery that was measured."""

    rate: float
    enrolled: int
    let_in_a_year: Span
    turned_away_a_day: Span
    let_in: Share


def choices(
    table: Sequence[MeasuredRate], traffic: Traffic, enrolled: int, people_by_photos: Mapping[int, int]
) -> list[Choice]:
    """Returns a choice for each rate that was measured, by falling rate; none without a table, people or traffic.

    Strangers let in are those of the unrecognised attempts that would open, if strangers made all of them: an upper
    bound. Employees turned away follow from the recognised ones and from how many photos people have.

    Args:
        people_by_photos: how many people have how many photos.
    """
    people = sum(people_by_photos.values())
    if not table or not people or not traffic.days:
        return []
    a_day, a_year = traffic.recognised / traffic.days, traffic.unrecognised / traffic.days * 365
    rows = {photos: nearest(table, enrolled, photos) for photos in people_by_photos}
    most = nearest(table, enrolled, max(people_by_photos, key=lambda photos: people_by_photos[photos]))
    found = []
    for place, row in enumerate(most):
        away = _mixed([(rows[photos][place].turned_away, count / people) for photos, count in people_by_photos.items()])
        found.append(Choice(row.rate, row.enrolled, _times(row.let_in, a_year), _times(away, a_day), row.let_in))
    return found


def _mixed(parts: Sequence[tuple[Share, float]]) -> Share:
    value, low = sum(s.value * weight for s, weight in parts), sum(s.low * weight for s, weight in parts)
    high = sum(s.high * weight for s, weight in parts)
    return Share(min(value, 1.0), min(low, value), min(1.0, max(high, value)))


def _times(share: Share, number: float) -> Span:
    return Span(share.value * number, share.low * number, share.high * number)


def between(counts: Mapping[int, int], buckets: int, low: float, high: float) -> tuple[int, int]:
    """How many of the counted similarities lie between two thresholds: at least, and at most.

    Args:
        counts: by bucket, of `buckets` equal ones from 0 to 1. One that a threshold cuts counts for neither or whole.
    """
    least = sum(n for b, n in counts.items() if b / buckets >= low and (b + 1) / buckets <= high)
    most = sum(n for b, n in counts.items() if (b + 1) / buckets > low and b / buckets < high)
    return least, most
