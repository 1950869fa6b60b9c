"""Corrects where people are, by order of a person and with a reason. The gates' own chains record who and why.

A correction never opens a gate and never keeps anybody in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.core.access.passages.presence import Presence
from app.core.access.passages.ways import ZoneMap
from app.core.access.rules import Zone
from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.decision import Identity, RecordedDecision
from app.core.ports.store import Clock, Store, Transaction
from app.core.text import plain_comment
from app.core.types import Employee, Reason
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.access_log import AccessLog
from app.services.events.orders import ordered

OUTSIDE, UNKNOWN = "outside", "unknown"
EVERYBODY = "everybody"
AT_ONCE = 50  # people of a reset in one transaction


@dataclass(frozen=True)
class PresenceControl:
    store: Store
    log: AccessLog
    clock: Clock
    new_id: Callable[[], str]
    rules: CurrentRules = field(default_factory=CurrentRules)

    def correct(self, employee_id: str, place: str, comment: str, actor: str) -> Presence | None:
        """Says where somebody is. Returns their presence; None if it is unknown now.

        Args:
            place: A zone's id or name, or else "outside" or "unknown".
            comment: The reason, 1 to 200 characters of plain text.
            actor: The id of the key or user that makes the correction.

        Raises NotFound for an unknown employee or zone, BadInput for no reason given, Conflict without a gate.
        """
        comment = plain_comment(comment, required=True)
        with self.store.write() as tx:
            zones = self.rules.at(tx).zones
            zone = None if place in (OUTSIDE, UNKNOWN) else _zone(zones, place)
            before = tx.presences.get(employee_id)
            gate_id = _gate_near(zones, before, zone)
            tx.events.lock_head(gate_id)
            employee = tx.employees.get(employee_id, for_update=True)
            if employee is None:
                raise NotFound("unknown_employee", "There is no employee with this id.")
            now = self.clock()
            tx.passages.leave(employee_id)
            after = None
            if place == UNKNOWN:
                tx.presences.remove([employee_id])
            else:
                after = Presence(employee_id, None if zone is None else zone.id, now)
                tx.presences.put(after)
            self._record(tx, [gate_id], f"{place if zone is None else zone.name}: {comment}", actor, now, employee)
        return after

    def reset(self, place: str, comment: str, actor: str) -> int:
        """Forgets where people are: those in a zone and in zones inside it, or everybody. Returns how many they were.

        place: a zone's id or name, or "everybody". Unknown people are forgotten, too. Whoever a gate moves meanwhile is
        where it says. Raises as `correct`; NotRecorded: some may be forgotten already.
        """
        comment = plain_comment(comment, required=True)
        with self.store.read() as tx:
            zones = self.rules.at(tx).zones
            zone = None if place == EVERYBODY else _zone(zones, place)
            inside = frozenset(zones.zones) if zone is None else zones.inside(zone.id)
            gates = sorted(
                {gate for zone_id in (inside if zone is None else [zone.id]) for gate in zones.gates_into(zone_id)}
            )
            if not gates:
                raise _no_gate()
            known = {one.person_id: one for one in tx.presences.all()}
            going = {one.person_id for gate in gates for one in tx.passages.of_gate(gate)} - {None}
        people = {who: one for who, one in known.items() if zone is None or one.zone_id in inside}
        now, words = self.clock(), f"{EVERYBODY if zone is None else zone.name}, {UNKNOWN}: {comment}"
        # A little at a time: meanwhile gates decide.
        for gate_id in gates:
            with self.store.write() as tx:
                tx.events.lock_head(gate_id)
                self._record(tx, [gate_id], words, actor, now)
        with self.store.write() as tx:
            unknown = self._forget(tx, (), inside, now)
        return unknown + self._forget_unmoved({**{who: known.get(who) for who in going if who}, **people})

    def set_unknown(self, place: str, count: int, comment: str, actor: str) -> None:
        """Says how many unknown people are in a zone. Raises as `correct`, and BadInput for a count out of bounds."""
        comment = plain_comment(comment, required=True)
        if not 0 <= count <= MOST_UNKNOWN:
            raise BadInput("bad_count", f"A zone has 0 to {MOST_UNKNOWN} unknown people.")
        with self.store.write() as tx:
            zones = self.rules.at(tx).zones
            zone = _zone(zones, place)
            gates = zones.gates_into(zone.id)[:1]
            if not gates:
                raise _no_gate()
            tx.events.lock_head(gates[0])
            now = self.clock()
            tx.presences.lock_zone(zone.id)
            tx.presences.set_unknown(zone.id, count, now)
            self._record(tx, gates, f"{zone.name}, {count} {UNKNOWN}: {comment}", actor, now)

    def look(self) -> None:
        """Does each zone's daily reset. Nothing while a roll call is running.

        Raises NotRecorded.
        """
        with self.store.read() as tx:
            people, unknown = self._due(tx, self.rules.at(tx).zones)
        self._forget_unmoved({one.person_id: one for one in people})
        with self.store.read() as tx:
            _, unknown = self._due(tx, self.rules.at(tx).zones)
        if unknown:
            with self.store.write() as tx:
                self._forget(tx, (), unknown, self.clock())

    def _forget_unmoved(self, seen: Mapping[str, Presence | None]) -> int:
        """Forgets where these people are, unless something moved them since. Returns how many were forgotten.

        A few at a time: meanwhile gates decide.
        """
        people, forgotten = sorted(seen), 0
        for start in range(0, len(people), AT_ONCE):
            with self.store.write() as tx:
                still = [who for who in people[start : start + AT_ONCE] if self._still(tx, who, seen[who])]
                forgotten += self._forget(tx, still, (), self.clock())
        return forgotten

    @staticmethod
    def _still(tx: Transaction, person_id: str, seen: Presence | None) -> bool:
        """Whether nothing moved the person since. Locks their row."""
        tx.employees.get(person_id, for_update=True)
        return tx.presences.get(person_id) == seen

    def _due(self, tx: Transaction, zones: ZoneMap) -> tuple[list[Presence], list[str]]:
        """Whose place is to be forgotten, and the zones whose unknown people are."""
        muster = tx.musters.newest()
        if muster is not None and muster.ended_at is None:
            return [], []
        now = self.clock()
        resets = {
            zone.id: reset
            for zone in zones.zones.values()
            if (reset := zone.policy.last_reset(now, zones.clock(zone))) is not None
        }
        people = [
            one
            for one in tx.presences.all()
            if any(one.since < resets[zone] for zone in zones.around(one.zone_id) if zone in resets)
        ]
        unknown = [
            zone_id
            for zone_id, found in tx.presences.unknown().items()
            if zone_id in resets and (found.since is None or found.since < resets[zone_id])
        ]
        return people, unknown

    def _forget(self, tx: Transaction, people: Iterable[str], zone_ids: Iterable[str], now: datetime) -> int:
        ids = sorted(set(people))
        for person_id in ids:
            tx.employees.get(person_id, for_update=True)
        unknown = 0
        for zone_id in sorted(zone_ids):
            if count := tx.presences.unknown_in(zone_id):
                unknown += count
                tx.presences.set_unknown(zone_id, 0, now)
        for person_id in ids:
            tx.passages.leave(person_id)
        tx.presences.remove(ids)
        return len(ids) + unknown

    def _record(
        self,
        tx: Transaction,
        gates: Iterable[str],
        comment: str,
        actor: str,
        at: datetime,
        employee: Employee | None = None,
    ) -> None:
        who = None if employee is None else Identity.of(employee)
        for gate_id in gates:
            gate = tx.gates.get(gate_id)
            if gate is not None:
                event: RecordedDecision = ordered(
                    gate, self.new_id(), Reason.PRESENCE_CORRECTED, at, actor, None, comment, who
                )
                self.log.append(tx, event)


MOST_UNKNOWN = 10_000


def _zone(zones: ZoneMap, name: str) -> Zone:
    for zone in zones.zones.values():
        if name in (zone.id, zone.name):
            return zone
    raise NotFound("unknown_zone", "There is no zone of that name.")


def _gate_near(zones: ZoneMap, before: Presence | None, zone: Zone | None) -> str:
    """The gate whose chain records a correction: the last that the person passed, or one of the zone's, or any."""
    if before is not None and before.gate_id is not None:
        return before.gate_id
    places = [*([zone.id] if zone else []), *([before.zone_id] if before and before.zone_id else []), *zones.zones]
    for zone_id in places:
        for gate_id in zones.gates_into(zone_id):
            return gate_id
    raise _no_gate()


def _no_gate() -> Conflict:
    return Conflict("zone_without_gates", "No gate leads into this zone, so no log could keep the correction.")
