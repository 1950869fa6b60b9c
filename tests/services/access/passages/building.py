"""A building for tests of passages: an office with a laboratory inside it, and gates that lead in and out."""

from dataclasses import replace
from typing import Any

from app.core.access.passages.presence import Presence
from app.core.access.rules import GatePlace, Zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.events.logged import LoggedEvent
from app.core.events.records import EventFilter
from app.core.gates.commands import PassageSource
from app.services.access.passages.muster_book import MusterBook
from app.services.access.passages.passage_watch import PassageWatch
from app.services.access.passages.presence_control import PresenceControl
from tests.fakes import new_id, person, photo
from tests.services.process import Process

OFFICE, LAB = "zone-office", "zone-lab"
# By the gate's name: where it leads.
WAYS = {
    "in-1": (None, OFFICE),
    "in-2": (None, OFFICE),
    "out-1": (OFFICE, None),
    "lab-in": (OFFICE, LAB),
    "lab-out": (LAB, OFFICE),
}


class Building:
    """One site with these gates. passages: how all of them learn that people went through."""

    def __init__(self, site: Process, passages: PassageSource = PassageSource.SENSOR) -> None:
        self.site = site
        self.watch = PassageWatch(site.store, site.log, site.clock, new_id)
        self.control = PresenceControl(site.store, site.log, site.clock, new_id)
        self.muster = MusterBook(site.store, site.clock, new_id)
        self.gates = {name: site.gates.add(name) for name in WAYS}
        with site.store.write() as tx:
            where = tx.rules.all().sites[0].id
            tx.rules.put(Zone(OFFICE, "Office", where), Zone(LAB, "Lab", where, OFFICE))
            tx.rules.put(*(GatePlace(self.gates[name].id, name, where, *way) for name, way in WAYS.items()))
            for name in WAYS:
                tx.gates.update(replace(self.gates[name], passages=passages))

    def asks(self, zone_id: str, anti_passback: AntiPassback = AntiPassback.SOFT, **policy: Any) -> None:
        """From now on, the zone asks this of those who enter."""
        with self.site.store.write() as tx:
            zone = next(zone for zone in tx.rules.all().zones if zone.id == zone_id)
            tx.rules.put(replace(zone, policy=ZonePolicy(anti_passback, **policy)))

    def source(self, gate: str, passages: PassageSource) -> None:
        self.site.change_gate(gate, passages=passages)

    def enrol(self, *axes: int) -> list[str]:
        """People who look like these axes; their ids."""
        return [self.site.enrol(f"E-{axis}", photo(person(axis))).id for axis in axes]

    def asks_at(self, gate: str, axis: int = 0) -> str:
        """The reason of the decision about a person at the gate."""
        return self.site.sees(axis, gate=gate)

    def goes(self, gate: str, axis: int = 0) -> str:
        """The person asks, and goes through if they are let in."""
        answer = self.site.decide(photo(person(axis)), gate=gate)
        if answer.opens:
            self.passes(gate)
        return str(answer.reason)

    def passes(self, gate: str, count: int = 1) -> bool:
        return self.watch.passed(self.gates[gate].id, count)

    def where(self, employee_id: str) -> str | None:
        """The id of the zone, "outside", or None if nobody knows."""
        with self.site.store.read() as tx:
            found: Presence | None = tx.presences.get(employee_id)
        return None if found is None else found.zone_id or "outside"

    def unknown(self) -> dict[str, int]:
        with self.site.store.read() as tx:
            return {zone: found.count for zone, found in tx.presences.unknown().items()}

    def events(self, gate: str | None = None) -> list[LoggedEvent]:
        """The oldest first."""
        return list(reversed(self.site.events.find(EventFilter(gate=gate))))

    def reasons(self, gate: str | None = None) -> list[str]:
        return [str(event.reason) for event in self.events(gate)]
