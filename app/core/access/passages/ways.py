"""What the zones around a gate mean for those who pass it. Compiled once a version of the rules."""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from app.core.access.rule_set import RuleSet
from app.core.access.rules import Zone
from app.core.access.time_zones import time_zone

NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Way:
    """Where a gate leads.

    Attributes:
        zone_from, zone_to: ids; None for the outside.
        entered: the zones that a person is in after the passage and not before it, the innermost first. None are if
            the gate only leads out, and then no check refuses anybody.
        damaged: it leads into a zone that cannot be read, so nobody knows what that zone asks.
        left: the zones that a person is in before the passage and not after it, the innermost first.
    """

    zone_from: str | None
    zone_to: str | None
    entered: tuple[Zone, ...]
    left: tuple[Zone, ...]
    damaged: bool = False


class ZoneMap:
    """The zones of a rule set, and the way that each gate is."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self.zones = {zone.id: zone for zone in rules.zones}
        self._around = {
            zone.id: frozenset({zone.id, *rules.zones_around(zone.id)}) & self.zones.keys() for zone in rules.zones
        }
        self._ways = {
            gate.id: self._way(gate.zone_from, gate.zone_to)
            for gate in rules.gates
            if gate.zone_from is not None or gate.zone_to is not None
        }

    def way(self, gate_id: str) -> Way | None:
        """Where the gate leads; None for a gate that stands at no zone."""
        return self._ways.get(gate_id)

    def only_leads_out(self, gate_id: str) -> bool:
        """Whether nobody gets into any zone through the gate. False where that is not known: it may be an entrance."""
        way = self.way(gate_id)
        return way is not None and not way.entered and not way.damaged and (bool(way.left) or way.zone_to is None)

    def around(self, zone_id: str | None) -> frozenset[str]:
        """The ids of the zone and of all zones around it; none for the outside, and for a zone that is gone."""
        return NOWHERE if zone_id is None else self._around.get(zone_id, NOWHERE)

    def inside(self, zone_id: str) -> frozenset[str]:
        """The ids of the zone and of all zones inside it."""
        return self._inside.get(zone_id, NOWHERE)

    def clock(self, zone: Zone) -> ZoneInfo:
        """The wall clock of the zone's site; UTC if the site is gone."""
        return self._clocks.get(zone.site_id, time_zone("UTC"))

    def gates_into(self, zone_id: str) -> list[str]:
        """The ids of the gates that lead to this zone, or else from it, in their order."""
        into = [gate.id for gate in self._rules.gates if gate.zone_to == zone_id]
        return into or [gate.id for gate in self._rules.gates if gate.zone_from == zone_id]

    @cached_property
    def _inside(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for zone_id, around in self._around.items():
            for outer in around:
                found.setdefault(outer, set()).add(zone_id)
        return {zone_id: frozenset(ids) for zone_id, ids in found.items()}

    @cached_property
    def _clocks(self) -> dict[str, ZoneInfo]:
        return {site.id: time_zone(site.time_zone) for site in self._rules.sites}

    def _way(self, zone_from: str | None, zone_to: str | None) -> Way:
        before, after = self.around(zone_from), self.around(zone_to)
        damaged = not (self._named(zone_to) - self._named(zone_from)) <= self.zones.keys()
        # From a zone that cannot be read, nobody knows which zones around it one was in: leaving is never refused.
        known = zone_from is None or zone_from in self.zones
        entered = self._zones(after - before) if known else ()
        return Way(zone_from, zone_to, entered, self._zones(before - after), damaged)

    def _named(self, zone_id: str | None) -> set[str]:
        """The ids of the zone and of those around it, whether or not they can be read."""
        return set() if zone_id is None else {zone_id, *self._rules.zones_around(zone_id)}

    def _zones(self, ids: frozenset[str]) -> tuple[Zone, ...]:
        return tuple(self.zones[zone_id] for zone_id in sorted(ids, key=lambda one: (-len(self._around[one]), one)))
