"""The mode of a site (normal, lockdown, release) and what is known about its clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SITE = "site"  # the data key with this subject seals what belongs to the site and to no person


@dataclass(frozen=True)
class ClockFacts:
    """What is known about the clock.

    Attributes:
        doubt: why the clock must be wrong, in words; None once somebody confirms it or if there never was a doubt.
        doubted_at: since when it is in doubt.
        covers: a clock that ran ahead made the records up to this time, so they no longer count as evidence.
        confirmed_at: when somebody last confirmed it.
    """

    doubt: str | None = None
    doubted_at: datetime | None = None
    covers: datetime | None = None
    confirmed_at: datetime | None = None


class SiteMode(StrEnum):
    """NORMAL: the rules decide. LOCKDOWN: nobody gets in. RELEASE: every gate stays open (fire)."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    RELEASE = "release"


@dataclass(frozen=True)
class SiteState:
    """The mode, who set it (a key or user id), when, and with which comment ("" for none).

    `gates` are the ids it applies to; empty means every gate. `zones` are the ids of the zones that were ordered; their
    gates are among `gates`, also those that were added to a zone during its lockdown.
    """

    mode: SiteMode = SiteMode.NORMAL
    since: datetime | None = None
    actor: str | None = None
    gates: tuple[str, ...] = ()
    comment: str = ""
    zones: tuple[str, ...] = ()

    def mode_at(self, gate_id: str) -> SiteMode:
        """Returns the mode that applies at this gate."""
        return self.mode if not self.gates or gate_id in self.gates else SiteMode.NORMAL
