"""Today at the site: openings and refusals beside those of a week ago, and what is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core.events.records import EventFilter
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Store
from app.core.types import OPENING, Employee, Reason, Status
from app.services.events.event_list import EventList
from app.services.events.statistics import INSTANT, LONGEST, ORDERS

SOON = timedelta(days=14)
NAMED = 5  # people named in a list, before "and 3 more"
# A face was seen badly or matched nobody, so nobody could be recognised.
UNREAD = frozenset(
    {
        Reason.NO_FACE,
        Reason.SEVERAL_FACES,
        Reason.FACE_TOO_SMALL,
        Reason.POOR_QUALITY,
        Reason.SPOOF_SUSPECTED,
        Reason.NOT_RECOGNISED,
        Reason.EYES_COVERED,
        Reason.BACKLIT,
        Reason.LEFT_TOO_SOON,
        Reason.AMBIGUOUS,
    }
)


@dataclass(frozen=True)
class Count:
    """How often, today until now and on the same day last week until the same time."""

    today: int = 0
    last_week: int = 0


@dataclass(frozen=True)
class LetIn:
    """Somebody refused by a gate, then let in by a guard. reason: why they were refused; None if that event is gone."""

    event_id: str
    at: datetime
    gate: str
    employee_id: str
    name: str
    reason: Reason | None


@dataclass(frozen=True)
class Today:
    """refused: by reason, the most frequent first."""

    since: datetime
    opened: Count
    denied: Count
    refused: tuple[tuple[Reason, Count], ...]
    let_in: tuple[LetIn, ...]

    @property
    def unread(self) -> tuple[tuple[Reason, Count], ...]:
        """The refusals of faces that could not be recognised."""
        return tuple((reason, count) for reason, count in self.refused if reason in UNREAD)


@dataclass(frozen=True)
class PeopleDue:
    """People who need something: a photo or a badge, more photos, a new end date. ending: the first by number."""

    unknown: int
    one_photo: int
    ending_count: int
    ending: tuple[Employee, ...]


@dataclass(frozen=True)
class TodayService:
    store: Store
    events: EventList

    def read(self, since: datetime, week_ago: datetime, now: datetime) -> Today:
        """Reads what happened today. Counts are read from indexes alone.

        Args:
            since, week_ago: the start of the day at the site, and of the same day last week.
        """
        spans = ((since, now), (week_ago, week_ago + (now - since)))
        with self.store.read(LONGEST) as tx:
            today, before = (tx.counts.by_reason(start, end + INSTANT) for start, end in spans)
        reasons = {reason for reason in (*today, *before) if reason not in ORDERS}
        counts = {reason: Count(today.get(reason, 0), before.get(reason, 0)) for reason in reasons}
        refused = sorted(
            ((reason, count) for reason, count in counts.items() if reason not in OPENING),
            key=lambda one: (-one[1].today, -one[1].last_week, one[0].value),
        )
        opened = [count for reason, count in counts.items() if reason in OPENING]
        return Today(
            since,
            _sum(opened),
            _sum([count for _, count in refused]),
            tuple(refused),
            self._let_in(since),
        )

    def due(self, today: date) -> PeopleDue:
        """Counts active people with neither a photo nor a badge, those who end soon, and everybody with one photo."""
        ending = EmployeeFilter(status=Status.ACTIVE, ends=(today, today + SOON), limit=NAMED)
        with self.store.read() as tx:
            page = tx.employees.page(ending)
            faceless = EmployeeFilter(status=Status.ACTIVE, enrolled=False, limit=tx.employees.count())
            return PeopleDue(
                len(set(tx.employees.ids(faceless)) - tx.credentials.holders()),
                tx.templates.photo_counts().get(1, 0),
                page.matching,
                page.people,
            )

    def _let_in(self, since: datetime) -> tuple[LetIn, ...]:
        found = self.events.find(EventFilter(reason=Reason.OPENED_BY_HAND, since=since, limit=10 * NAMED))
        named = [
            (one, one.decision.employee, one.decision.answers)
            for one in found
            if one.decision is not None and one.decision.employee is not None and one.decision.answers
        ][:NAMED]
        with self.store.read() as tx:
            refusals = {answered: tx.events.get(answered) for _, _, answered in named}
        return tuple(
            LetIn(
                one.id, one.at, one.gate, who.id, who.name, refusal.reason if (refusal := refusals[answered]) else None
            )
            for one, who, answered in named
        )


def _sum(counts: list[Count]) -> Count:
    return Count(sum(one.today for one in counts), sum(one.last_week for one in counts))
