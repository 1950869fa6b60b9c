"""Asks the zones around a gate in the transaction that records the decision, and grants the passage in it.

The employee's row is locked by then, so of two decisions about one person the second sees the first's grant; a zone
with a limit is locked before it is counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.access.passages.presence import Passage, Presence, reserved_until
from app.core.access.passages.ways import Way
from app.core.access.passages.zone_checks import Position, ZoneAnswer, check, limited, same_opening
from app.core.access.permission import CompiledRules
from app.core.access.rules import Zone
from app.core.events.decision import GrantedPassage
from app.core.gates.commands import PassageSource
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Decision, Employee, Reason, Verdict

NOTHING_ASKED = ZoneAnswer()


@dataclass(frozen=True)
class Zoned:
    """What the zones say about a decision that would open.

    Attributes:
        way: None for a gate that stands at no zone.
        earlier: the id of the event that opened this gate for this person and still does.
        known: what was read of the person to answer; None where nothing was.
    """

    way: Way | None
    answer: ZoneAnswer = NOTHING_ASKED
    earlier: str | None = None
    known: "Known | None" = None


class Known(NamedTuple):
    """What is stored of a person whose row is locked. granted: whether a passage is, even one that lapsed."""

    presence: Presence | None
    granted: bool


@dataclass(frozen=True)
class ZoneGate:
    """new_id: makes the id of the next passage."""

    new_id: Callable[[], str]

    def ask(
        self, tx: Transaction, rules: CompiledRules, gate: Gate, decision: Decision, now: datetime, *, for_update: bool
    ) -> Zoned | None:
        """Returns what the zones say. None if nothing is counted here, or if the gate does not open for one passage.

        for_update: nobody else enters a zone with a limit until the commit.
        """
        way = rules.zones.way(gate.id)
        counts = way is not None or gate.passages is PassageSource.SENSOR
        if not counts or decision.verdict is not Verdict.OPEN or decision.reason is Reason.RELEASED:
            return None
        if decision.employee is None:
            return Zoned(way)
        return self._asked(tx, rules, gate, way, decision.employee, now, for_update=for_update)

    def _asked(
        self,
        tx: Transaction,
        rules: CompiledRules,
        gate: Gate,
        way: Way | None,
        employee: Employee,
        now: datetime,
        *,
        for_update: bool,
    ) -> Zoned:
        zones = rules.zones
        if way is not None and for_update:
            for zone in limited(way.entered):
                tx.presences.lock_zone(zone.id)
        stored = tx.passages.of_person(employee.id)
        position = Position(tx.presences.get(employee.id), tuple(one for one in stored if one.until > now))
        known = Known(position.presence, bool(stored))
        opened = now - timedelta(milliseconds=gate.unlock_ms)
        assumed = gate.passages is PassageSource.ASSUME_ON_GRANT
        earlier = same_opening(position, gate.id, now, opened, assumed=assumed)
        if way is None or earlier is not None:
            return Zoned(way, earlier=earlier, known=known)

        def inside(zone: Zone) -> int:
            return tx.presences.count_inside(zones.inside(zone.id), now, but=employee.id)

        answer = check(way, zones, position, rules.group_ids(employee.groups), now, inside)
        return Zoned(way, answer, known=known)

    def grant(
        self, tx: Transaction, gate: Gate, zoned: Zoned | None, event_id: str, person_id: str | None, now: datetime
    ) -> GrantedPassage | None:
        """Grants the passage, or counts it at once where no sensor reports it. Returns what the sensor must confirm."""
        if zoned is None or gate.passages is PassageSource.ASSUME_NEVER:
            return None
        way = zoned.way or NO_ZONE
        until = reserved_until(now, gate.unlock_ms)
        made = Passage(self.new_id(), gate.id, event_id, person_id, way.zone_from, way.zone_to, now, until)
        if gate.passages is PassageSource.ASSUME_ON_GRANT:
            gone_through(tx, made, now, zoned.known)
            return None
        if person_id is not None and (zoned.known is None or zoned.known.granted):
            tx.passages.leave(person_id)
        tx.passages.add(made)
        return GrantedPassage(made.id, until)

    def grant_order(
        self, tx: Transaction, rules: CompiledRules, gate: Gate, event_id: str, person_id: str | None, now: datetime
    ) -> GrantedPassage | None:
        """Grants a passage that a person ordered: no zone is asked. The employee's row is locked."""
        way = rules.zones.way(gate.id)
        counts = way is not None or gate.passages is PassageSource.SENSOR
        return self.grant(tx, gate, Zoned(way) if counts else None, event_id, person_id, now)


NO_ZONE = Way(None, None, (), ())


def gone_through(tx: Transaction, passage: Passage, at: datetime, known: Known | None = None) -> None:
    """Counts a passage: the person is behind the gate, or one unknown person is. known: if the caller has read it."""
    if passage.person_id is None:
        count_unknown(tx, passage.zone_from, passage.zone_to, at)
        return
    # Whatever they were granted elsewhere is over.
    if known is None or known.granted:
        tx.passages.leave(passage.person_id)
    arrived = passage.arrived(at)
    if arrived is not None and known is not None:
        tx.presences.replace(known.presence, arrived)
    elif arrived is not None:
        tx.presences.put(arrived)


def count_unknown(tx: Transaction, zone_from: str | None, zone_to: str | None, at: datetime) -> None:
    """Moves one unknown person from a zone, if there is one, to the other."""
    counts = {zone: tx.presences.unknown_in(zone) for zone in sorted({zone_from, zone_to} - {None}, key=str) if zone}
    if zone_from in counts and counts[zone_from] > 0:
        since = tx.presences.unknown()[zone_from].since or at  # when the last one went in stays as it was
        tx.presences.set_unknown(zone_from, counts[zone_from] - 1, since)
    if zone_to in counts:
        tx.presences.set_unknown(zone_to, counts[zone_to] + 1, at)
