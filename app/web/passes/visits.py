"""What API and pages say of visits alike."""

from datetime import date, datetime, timedelta

from fastapi import Request

from app.services.access.visits.visit_book import ShownVisit
from app.web.security import prefix_of
from app.wiring import System


def link_of(shown: ShownVisit, request: Request) -> str:
    """The address of a visitor's pass. Whoever has it has the pass."""
    return f"{request.url.scheme}://{request.url.netloc}{prefix_of(request)}/visit?token={shown.details.token}"


def day_of(system: System, day: date | None) -> tuple[datetime, datetime]:
    """The day, today if None, on the site's clock. Raises OverflowError for the last day that there is."""
    clocks = system.site_clock.read()
    chosen = day or clocks.today
    since = datetime(chosen.year, chosen.month, chosen.day, tzinfo=clocks.zone)
    return since, since + timedelta(days=1)
