"""What gates' sensors report: somebody went through, nobody did, or somebody did without being let in.

A report confirms the gate's oldest granted passages. If it counts more people, the others were not let in. A passage
that is not confirmed in time lapses. During a release the gate stands open for everybody, so reports say nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.access.passages.presence import Passage
from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import NotRecorded
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.gates.commands import PassageSource
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode
from app.core.types import Employee, Reason
from app.services.access.passages.zone_gate import count_unknown, gone_through
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.access_log import AccessLog

logger = logging.getLogger(__name__)

KEPT_CONFIRMED = timedelta(hours=25)  # longer than any window in which a gate waits for its first person
WORDS = "somebody went through without being let in"


@dataclass(frozen=True)
class PassageWatch:
    """Any process may call it for any gate; what two of them do at once happens once."""

    store: Store
    log: AccessLog
    clock: Clock
    new_id: Callable[[], str]
    rules: CurrentRules = field(default_factory=CurrentRules)

    def passed(self, gate_id: str, count: int, at: datetime | None = None, report_id: str | None = None) -> bool:
        """Counts people who went through a gate.

        Args:
            at: When the sensor saw them, on our clock; None for now.
            report_id: The gate's own name for the report. One that was counted within a day counts nobody again.

        Returns:
            Whether the gate's sensor counts. If not, nothing was done: its passages are assumed, and never both.

        Raises:
            NotRecorded: Nothing was counted.
        """
        with self.store.write() as tx:
            gate = tx.gates.get(gate_id)
            if gate is None or gate.passages is not PassageSource.SENSOR:
                logger.info("passage_not_counted gate=%s why=its_passages_are_not_reported", gate_id)
                return False
            tx.events.lock_head(gate.id)
            if tx.site.get().mode_at(gate.id) is SiteMode.RELEASE:
                return True
            now = at or self.clock()
            if report_id is not None and tx.passages.is_reported(gate.id, report_id):
                logger.info("passage_repeated gate=%s counted=no", gate.name)
                return True
            waiting = [one for one in tx.passages.of_gate(gate.id) if one.until > now][:count]
            missing = count - len(waiting)
            if missing:
                self._alert(tx, gate, now)
            gone = self._count(tx, gate, waiting, missing, now)
            lost = len(waiting) - len(gone)
            if report_id is not None:
                tx.passages.note_report(gate.id, report_id, now)
            for _ in range(missing + lost):
                self._report(tx, gate, Reason.PASSED_WITHOUT_GRANT, now)
            if gone:
                tx.credentials.use_up(gone, now)
        if lost and not missing:
            try:
                with self.store.write() as tx:
                    self._alert(tx, gate, now)
            except NotRecorded as error:
                # The people are counted: a caller that tried again would count them twice.
                logger.warning("alert_not_raised kind=passed_without_grant gate=%s reason=%s", gate.name, error)
        return True

    def _count(self, tx: Transaction, gate: Gate, waiting: list[Passage], missing: int, at: datetime) -> list[str]:
        """Returns the openings whose people went through; those of the others were granted elsewhere meanwhile."""
        rules = self.rules.at(tx)
        way = rules.zones.way(gate.id)
        _lock_people(tx, waiting)
        ends = set() if way is None else {way.zone_from, way.zone_to}
        for end in sorted(end for end in ends if end in rules.zones.zones):
            tx.presences.lock_zone(end)
        gone = []
        for passage in waiting:
            taken = tx.passages.take(passage.id)
            if taken is not None:
                gone_through(tx, taken, at)
                tx.passages.confirm(taken.event_id, at)
                gone.append(taken.event_id)
        tx.passages.forget_confirmed(at - KEPT_CONFIRMED)
        for _ in range(missing + len(waiting) - len(gone)):
            if way is not None:
                count_unknown(tx, way.zone_from, way.zone_to, at)
        return gone

    def lapse(self) -> None:
        """Ends the passages that nobody made in time, and records each. Raises NotRecorded."""
        now = self.clock()
        with self.store.read() as tx:
            late = tx.passages.overdue(now)
        for passage in late:
            with self.store.write() as tx:
                self._lapse(tx, passage, now)

    def _lapse(self, tx: Transaction, passage: Passage, now: datetime) -> None:
        tx.events.lock_head(passage.gate_id)
        gate = tx.gates.get(passage.gate_id)
        (employee,) = _lock_people(tx, [passage])
        taken = tx.passages.take(passage.id)
        if taken is None or gate is None or tx.site.get().mode_at(gate.id) is SiteMode.RELEASE:
            return
        self._report(tx, gate, Reason.DID_NOT_ENTER, now, employee, taken.event_id)

    def _report(
        self,
        tx: Transaction,
        gate: Gate,
        reason: Reason,
        at: datetime,
        employee: Employee | None = None,
        answers: str | None = None,
    ) -> None:
        who = None if employee is None else Identity.of(employee)
        event = RecordedDecision(
            self.new_id(), gate.id, gate.name, at, reason, Method.SENSOR, employee=who, answers=answers
        )
        self.log.append(tx, event)

    def _alert(self, tx: Transaction, gate: Gate, at: datetime) -> None:
        """Over at once, as a tailgater's: each is one more."""
        tx.alerts.raise_(Alert(self.new_id(), at, AlertKind.PASSED_WITHOUT_GRANT, gate.id, None, WORDS, at))


def _lock_people(tx: Transaction, passages: list[Passage]) -> list[Employee | None]:
    """The passages' people, each locked until the commit, in one order."""
    people = {
        person: tx.employees.get(person, for_update=True)
        for person in sorted({p.person_id for p in passages if p.person_id})
    }
    return [people.get(one.person_id or "") for one in passages]
