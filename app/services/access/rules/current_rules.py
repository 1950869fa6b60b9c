"""The compiled rules of the version that a transaction sees, and what a gate's schedule says at an instant.

Comparing one number is enough to know that another process changed a rule, so a change holds from the next decision.
"""

from dataclasses import dataclass, field
from datetime import datetime

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import EntryMode
from app.core.events.records import EventFilter, EventRow
from app.core.gates.commands import PassageSource
from app.core.ports.store import Transaction
from app.core.types import BY_PERSON, Reason, Verdict

NOBODY = CompiledRules(RuleSet())
MOST_FIRST_PEOPLE = 50  # openings of a window that are searched for one of the group


@dataclass
class CurrentRules:
    """Shared by all threads: the last version that was compiled is one reference.

    started_rate: the false-accept rate that the service was started with.
    """

    started_rate: float = 1.0
    _compiled: CompiledRules = field(default=NOBODY, repr=False)

    def at(self, tx: Transaction) -> CompiledRules:
        """The rules as this transaction reads them. If the row of their version was altered, they let nobody pass."""
        version = tx.rules.version()
        compiled = self._compiled
        if version <= 0:
            return NOBODY
        if compiled.version != version:
            rate = tx.site_settings.get().false_accept_rate
            compiled = CompiledRules(tx.rules.all(), 1.0 if rate is None else rate / self.started_rate)
            # Another thread may see further than this transaction: it keeps the newer rules.
            if compiled.version > self._compiled.version:
                self._compiled = compiled
        return compiled

    def entry(
        self, tx: Transaction, rules: CompiledRules, gate_id: str, now: datetime, *, clock_doubted: bool
    ) -> EntryMode:
        """What the gate's schedule says. A free period waits for its first person, and for a trusted clock."""
        found = rules.mode_at(gate_id, now)
        mode = found.by
        if found.mode is not EntryMode.FREE or mode is None:
            return found.mode
        if clock_doubted and mode.schedule_id is not None:
            return EntryMode.NORMAL
        group = mode.first_person_group_id
        if group is None or self._first_person_came(tx, rules, gate_id, group, found.since):
            return EntryMode.FREE
        return EntryMode.NORMAL

    def _first_person_came(
        self, tx: Transaction, rules: CompiledRules, gate_id: str, group_id: str, since: datetime | None
    ) -> bool:
        """Whether a member was let in by the gate since the window started: the log knows, also after a restart."""
        gate = rules.rules.names[gate_id]
        for event in (event for reason in BY_PERSON for event in _let_in(tx, gate, reason, since)):
            person = tx.employees.get(event.employee_id) if event.employee_id else None
            if person is None or group_id not in rules.group_ids(person.groups):
                continue
            if _went_through(tx, event):
                return True
        return False


def _let_in(tx: Transaction, gate: str, reason: Reason, since: datetime | None) -> list[EventRow]:
    which = EventFilter(gate=gate, verdict=Verdict.OPEN, reason=reason, since=since, limit=MOST_FIRST_PEOPLE)
    return tx.events.find(which)


def _went_through(tx: Transaction, event: EventRow) -> bool:
    """Whether the person passed: the gate's sensor must have confirmed it. Without a sensor nothing could."""
    gate = tx.gates.get(event.gate_id)
    return gate is not None and (gate.passages is not PassageSource.SENSOR or tx.passages.is_confirmed(event.id))
