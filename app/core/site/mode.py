"""What stands at a site and how it fares: cameras, alerts, what gates did with their commands, lockdown and release."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SITE = "site"  # the subject whose key seals what belongs to the site and to no person


@dataclass(frozen=True)
class ClockFacts:
    """What is known of the clock. doubt: in words, why it cannot be right, since when; until somebody confirms it.

    covers: records up to this time were made by a clock that was ahead, and count for nothing any more.
    """

    doubt: str | None = None
    doubted_at: datetime | None = None
    covers: datetime | None = None
    confirmed_at: datetime | None = None


class SiteMode(StrEnum):
    """NORMAL: the rules decide. LOCKDOWN: nobody is let in. RELEASE: every gate stands open (fire)."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    RELEASE = "release"


@dataclass(frozen=True)
class SiteState:
    """The mode, who set it (the id of a key or user) and when. gates: the ids it holds for; empty means every gate."""

    mode: SiteMode = SiteMode.NORMAL
    since: datetime | None = None
    actor: str | None = None
    gates: tuple[str, ...] = ()

    def mode_at(self, gate_id: str) -> SiteMode:
        """The mode that holds at this gate."""
        return self.mode if not self.gates or gate_id in self.gates else SiteMode.NORMAL
