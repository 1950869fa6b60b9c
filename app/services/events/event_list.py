"""Reads the log for people: each event as it was answered, as far as its key still exists."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.errors import BadInput, CryptoFault, NotFound
from app.core.events.chain import link_of
from app.core.events.logged import GateReport, LoggedEvent
from app.core.events.records import EventFilter, EventRow
from app.core.gates.result import GateResultRow
from app.core.media import unbundle
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Store, Transaction
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers

# What one list may cost the gates, whose decisions share the database. A page among a million events takes 0.15 s.
LONGEST = timedelta(seconds=5)
MOST_NAMED = 200  # people whose events a search by name lists together, each found by itself


@dataclass(frozen=True)
class EventList:
    store: Store
    log: AccessLog
    answers: Answers

    def check_export(self, which: EventFilter, most: int) -> None:
        """Raises BadInput if more events match than one export may hold, and Busy if the query takes too long."""
        with self.store.read(LONGEST) as tx:
            if tx.events.count(replace(which, limit=most + 1)) > most:
                raise BadInput(
                    "too_many_events",
                    f"More than {most:,} events match. Export them in parts: give `from` and `to`, such as a month "
                    "each, or a gate.",
                )

    def find(self, which: EventFilter) -> list[LoggedEvent]:
        """Returns the events that match, newest first. Raises Busy if the query takes too long."""
        with _readable(), self.store.read(LONGEST) as tx:
            names = {gate.id: gate.name for gate in tx.gates.all()}
            rows = tx.events.find(which)
            results = tx.gate_results.of(row.id for row in rows)
            return [self._event(tx, row, names.get(row.gate_id, row.gate_id), results.get(row.id)) for row in rows]

    def people(self, employee_id: str | None, text: str) -> tuple[str, ...] | None:
        """Returns the ids of the people whose events are listed: those that match both filters; None without a filter.

        Args:
            employee_id: of one person; None: anybody.
            text: a name or number, as `called` takes it; "": anybody.

        Raises BadInput as `called` does.
        """
        if not text:
            return None if employee_id is None else (employee_id,)
        found = self.called(text)
        return found if employee_id is None else tuple(one for one in found if one == employee_id)

    def called(self, text: str) -> tuple[str, ...]:
        """Returns the ids of the people whom this name or number finds, as the list of people does.

        Raises BadInput if there are too many to list their events.
        """
        with self.store.read(LONGEST) as tx:
            found = tx.employees.ids(EmployeeFilter(q=text, limit=MOST_NAMED + 1))
        if len(found) > MOST_NAMED:
            raise BadInput("too_many_people", f"This finds more than {MOST_NAMED} people. Give more of the name.")
        return tuple(found)

    def neighbours(self, which: EventFilter, event_id: str) -> tuple[str | None, str | None]:
        """Returns the ids of the next newer and the next older event that match."""
        with self.store.read(LONGEST) as tx:
            newer = tx.events.find(replace(which, before=None, after=event_id, limit=1))
            older = tx.events.find(replace(which, before=event_id, after=None, limit=1))
        return (newer[0].id if newer else None), (older[0].id if older else None)

    def counts(self, which: EventFilter, edges: Sequence[datetime]) -> list[int]:
        """Returns how many events match from each edge to the next. Raises Busy if a query takes too long."""
        with self.store.read(LONGEST) as tx:
            return tx.events.count_between(which, edges)

    def get(self, event_id: str) -> LoggedEvent:
        """Raises NotFound."""
        with _readable(), self.store.read() as tx:
            return self.shown(tx, _known(tx, event_id))

    def shown(self, tx: Transaction, row: EventRow) -> LoggedEvent:
        """Reads one event's details within the caller's transaction."""
        gate = tx.gates.get(row.gate_id)
        result = tx.gate_results.of([row.id]).get(row.id)
        return self._event(tx, row, gate.name if gate else row.gate_id, result)

    def snapshot(self, event_id: str) -> bytes:
        """JPEG bytes of the event's best picture. Raises NotFound if none was kept, or none is left."""
        return self.pictures(event_id)[0]

    def pictures(self, event_id: str) -> list[bytes]:
        """All pictures kept with the event, best first, as JPEG bytes. Raises NotFound as `snapshot` does."""
        with self.store.read() as tx:
            kept = self.log.snapshot_of(tx, _known(tx, event_id))
        if kept is None:
            raise NotFound("no_snapshot", "This event has no picture, or no longer has one.")
        return unbundle(kept)

    def picture(self, event_id: str, number: int) -> bytes:
        """One of the event's pictures, counted from 1. Raises NotFound."""
        kept = self.pictures(event_id)
        if not 1 <= number <= len(kept):
            raise NotFound("no_picture", f"This event has {len(kept)} pictures, counted from 1.")
        return kept[number - 1]

    def _event(self, tx: Transaction, row: EventRow, gate: str, result: GateResultRow | None) -> LoggedEvent:
        payload = self.log.sealed_payload_of(tx, row)
        decision = None if payload is None else self.log.read(row, payload)
        return LoggedEvent(
            id=row.id,
            gate=gate,
            at=row.at,
            reason=row.reason,
            sequence=row.sequence,
            checkpoint=link_of(row),
            # The answer can be signed again only while everything that its signature covers is there.
            decision=None if decision is None else self.answers.sign(decision),
            has_picture=payload is not None and row.has_snapshot,
            gate_report=None if result is None else self.report(result),
        )

    def report(self, result: GateResultRow) -> GateReport:
        """What the gate did, and whether its record is ours."""
        genuine = self.answers.signer.verify(result.signed_part, result.signature)
        return GateReport(result.outcome, result.detail, result.at, not genuine)


@contextmanager
def _readable() -> Iterator[None]:
    """Turns errors from an altered record into a CryptoFault that names the cause."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CryptoFault("a record of the log is damaged; `audit verify` names it") from error


def _known(tx: Transaction, event_id: str) -> EventRow:
    row = tx.events.get(event_id)
    if row is None:
        raise NotFound("unknown_event", "There is no event with this id.")
    return row
