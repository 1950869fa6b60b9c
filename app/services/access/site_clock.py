"""The wall clocks that people see: the site's for pages and lists, and each gate's where it differs."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from app.core.access.time_zones import time_zone
from app.core.ports.store import Clock, Store
from app.services.access.current_rules import CurrentRules


@dataclass(frozen=True)
class SiteClock:
    """Which zone counts is a setting of the site, and of a gate that stands in another; see `core.access.rules`."""

    store: Store
    clock: Clock
    rules: CurrentRules

    def zone(self) -> ZoneInfo:
        """The first site's time zone; UTC where its row was altered."""
        with self.store.read() as tx:
            sites = self.rules.at(tx).rules.sites
        return time_zone(sites[0].time_zone if sites else "UTC")

    def today(self) -> date:
        """The date at the site."""
        return self.clock().astimezone(self.zone()).date()
