"""What a printed page says of itself: which site, in which zone its times are, who printed it and when."""

from dataclasses import dataclass
from datetime import datetime

from app.services.accounts.sessions import SignedIn
from app.wiring import System


@dataclass(frozen=True)
class Printed:
    """at: when the page was made; its script puts the moment of printing there."""

    site: str
    zone: str
    at: datetime
    by: str


def printed(system: System, person: SignedIn) -> Printed:
    clocks = system.site_clock.read()
    return Printed(clocks.site, clocks.zone.key, clocks.now, person.user.name)
