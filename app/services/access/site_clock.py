"""The wall clocks that people see: the site's on pages and lists, and a gate's where it differs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.core.access.time_zones import time_zone
from app.core.ports.store import Clock, Store
from app.services.access.rules.current_rules import CurrentRules


@dataclass(frozen=True)
class WallClocks:
    """The clocks at one moment.

    Attributes:
        now: the moment.
        zone: the first site's time zone.
        gates: the time zones of the gates, by name.
        site: the first site's name.
    """

    now: datetime
    zone: ZoneInfo
    gates: Mapping[str, ZoneInfo]
    site: str = ""

    def zone_of(self, gate: str | None) -> ZoneInfo:
        """The zone of the gate with this name; the site's for None and for a gate that is gone."""
        return self.gates.get(gate or "", self.zone)

    def elsewhere(self) -> dict[str, str]:
        """The names of the zones of gates whose clock is not the site's, by the gate's name."""
        return {gate: zone.key for gate, zone in self.gates.items() if zone != self.zone}

    @property
    def today(self) -> date:
        """The date at the site."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class SiteClock:
    """The time zone is a setting of the site, and of a gate in another zone; see `core.access.rules`."""

    store: Store
    clock: Clock
    rules: CurrentRules

    def read(self) -> WallClocks:
        """The clocks now. In UTC where the site's row was altered."""
        with self.store.read() as tx:
            rules = self.rules.at(tx).rules
        zone = time_zone(rules.sites[0].time_zone if rules.sites else "UTC")
        gates = {gate.name: time_zone(rules.zone_of(gate)) for gate in rules.gates}
        return WallClocks(self.clock(), zone, gates, rules.sites[0].name if rules.sites else "")

    def today(self) -> date:
        """The date at the site."""
        return self.read().today
