"""Counts what happened at the gates, for plots and to show what a rate means in people. Nothing here names anybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.events.histograms import Bucket, Figure
from app.core.ports.store import Clock, Store
from app.core.types import OPENING, Reason

# A face was compared and nobody was identified: what strangers' attempts look like.
STRANGERS = frozenset({Reason.NOT_RECOGNISED, Reason.EYES_COVERED, Reason.BACKLIT})
ORDERS = frozenset(
    {
        Reason.RELEASED,
        Reason.RESTORED,
        Reason.OPENED_BY_HAND,
        Reason.UNLOCKED_BY_HAND,
        Reason.GRANT_GIVEN,
        Reason.GRANT_ENDED,
        Reason.PRESENCE_CORRECTED,
        Reason.DID_NOT_ENTER,
        Reason.PASSED_WITHOUT_GRANT,
    }
)
DAYS_SEEN = 30
LONGEST = timedelta(seconds=10)  # a month among a million events takes under a second
INSTANT = timedelta(milliseconds=1)  # includes what happens right now


@dataclass(frozen=True)
class Hour:
    at: datetime
    opened: int
    denied: int


@dataclass(frozen=True)
class Pace:
    """The attempts of strangers, and the number of days they were counted over."""

    days: int
    attempts: int

    @property
    def a_year(self) -> float:
        return self.attempts / self.days * 365 if self.days else 0.0


@dataclass(frozen=True)
class Period:
    since: datetime
    until: datetime
    hours: list[Hour]
    denials: list[tuple[Reason, int]]
    figures: list[Bucket]


@dataclass(frozen=True)
class Statistics:
    store: Store
    clock: Clock

    def last(self, span: timedelta) -> Period:
        until = self.clock()
        first = (until - span).replace(minute=0, second=0, microsecond=0)
        with self.store.read(LONGEST) as tx:
            counted = tx.counts.hourly(first, until + INSTANT)
            figures = tx.histograms.between(first.date(), until.date())
        hours: dict[datetime, list[int]] = {}
        at = first
        while at <= until:
            hours[at] = [0, 0]
            at += timedelta(hours=1)
        denials: dict[Reason, int] = {}
        for hour, reason, count in counted:
            if reason in ORDERS:
                continue
            hours[hour][0 if reason in OPENING else 1] += count
            if reason not in OPENING:
                denials[reason] = denials.get(reason, 0) + count
        return Period(
            first,
            until,
            [Hour(at, *both) for at, both in hours.items()],
            sorted(denials.items(), key=lambda one: -one[1]),
            figures,
        )

    def strangers(self) -> Pace:
        """Counts strangers over the last 30 days, or since the first event within them."""
        until = self.clock()
        with self.store.read(LONGEST) as tx:
            counted = tx.counts.hourly(until - timedelta(days=DAYS_SEEN), until + INSTANT)
        if not counted:
            return Pace(0, 0)
        days = max(1, round((until - counted[0][0]) / timedelta(days=1)))
        return Pace(days, sum(count for _, reason, count in counted if reason in STRANGERS))

    def took(self) -> list[Bucket]:
        """How long decisions took in the last week."""
        until = self.clock()
        with self.store.read(LONGEST) as tx:
            found = tx.histograms.between((until - timedelta(days=7)).date(), until.date())
        return [bucket for bucket in found if bucket.kind is Figure.TOOK]
