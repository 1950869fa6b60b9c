"""What happened in a shift: alerts, orders, openings by hand and refusals between two times."""

from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import AlertFilter, AlertState
from app.core.events.logged import LoggedEvent
from app.core.events.records import EventFilter
from app.core.ports.store import Store
from app.core.types import Reason
from app.services.alerts.alert_list import AlertList, NamedAlert, actors
from app.services.events.event_list import EventList

MOST_ALERTS = 500
MOST_EVENTS = 5_000  # that are read for one report
BATCH = 500


@dataclass(frozen=True)
class ShiftEvent:
    """An order, an opening or a refusal. actor: the name of whoever ordered it; "" for the system."""

    id: str
    at: datetime
    gate: str
    reason: Reason
    person: str
    actor: str
    comment: str

    @classmethod
    def of(cls, event: LoggedEvent, names: dict[str, str]) -> "ShiftEvent":
        decision = event.decision
        who = decision.employee.name if decision and decision.employee else ""
        by = (decision.actor if decision else None) or ""
        comment = (decision.comment if decision else None) or ""
        return cls(event.id, event.at, event.gate, event.reason, who, names.get(by, by), comment)


@dataclass(frozen=True)
class ShiftReport:
    """Each list is newest first. cut: there was more than one report holds, so the oldest is missing."""

    alerts: list[NamedAlert]
    orders: list[ShiftEvent]
    openings: list[ShiftEvent]
    refusals: list[ShiftEvent]
    cut: bool


@dataclass(frozen=True)
class ShiftReports:
    store: Store
    events: EventList
    alerts: AlertList

    def between(self, since: datetime, until: datetime) -> ShiftReport:
        """Reports what began from `since` to before `until`. Raises NotRecorded without the database."""
        alerts = self.alerts.find(AlertFilter(AlertState.ALL, since=since, until=until, limit=MOST_ALERTS + 1))
        events = self._events(since, until)
        with self.store.read() as tx:
            names = actors(tx)
        orders, openings, refusals = list[ShiftEvent](), list[ShiftEvent](), list[ShiftEvent]()
        for event in events[:MOST_EVENTS]:
            ordered = event.decision is not None and not event.decision.method.decides
            if event.reason is Reason.OPENED_BY_HAND:
                openings.append(ShiftEvent.of(event, names))
            elif ordered:
                orders.append(ShiftEvent.of(event, names))
            elif not event.opens:
                refusals.append(ShiftEvent.of(event, names))
        cut = len(events) > MOST_EVENTS or len(alerts) > MOST_ALERTS
        return ShiftReport(alerts[:MOST_ALERTS], orders, openings, refusals, cut)

    def _events(self, since: datetime, until: datetime) -> list[LoggedEvent]:
        found: list[LoggedEvent] = []
        before: str | None = None
        while len(found) <= MOST_EVENTS:
            page = self.events.find(EventFilter(since=since, until=until, before=before, limit=BATCH))
            found += page
            if len(page) < BATCH:
                break
            before = page[-1].id
        return found
