"""How pages show times: on the clock of the site, or of the gate where it happened, with the zone named once a page.

static/parts.js shows the times that arrive later in the same form.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.core.canonical import instant, moment
from app.services.access.site_clock import WallClocks
from app.web.language.catalog import now
from app.web.language.dates import day_words

TIME = Markup('<time datetime="{}" title="{}">{}{}{}</time>')
DATE = Markup('<span class="{}">{} </span>')


class PageClock:
    """The times of one page. `used` says whether it shows any; the clocks are read with the first."""

    def __init__(self, read: Callable[[], WallClocks]) -> None:
        self._read = read
        self.used = False

    @cached_property
    def clocks(self) -> WallClocks:
        self.used = True
        return self._read()

    def peek(self) -> WallClocks:
        """The clocks, for what may or may not show a time later."""
        return self._read()

    @property
    def zone(self) -> str:
        """The name of the site's time zone."""
        return self.clocks.zone.key

    def when(self, at: datetime | str, gate: str | None = None) -> Markup:
        """Returns a `<time>`. Its date is hidden on the screen while it is today, and always printed.

        Args:
            at: a time, or the text that `canonical.instant` made of one.
            gate: the name of the gate whose clock counts. If it differs from the site's, its zone follows the time.
        """
        at = moment(at) if isinstance(at, str) else at
        zone = self.clocks.zone_of(gate)
        local = at.astimezone(zone)
        today = local.date() == self.clocks.now.astimezone(zone).date()
        named = "" if zone == self.clocks.zone else f" {zone.key}"
        shown = DATE.format("today" if today else "date", day_words(local.date(), now().language))
        return TIME.format(instant(at), local.isoformat(timespec="milliseconds"), shown, f"{local:%H:%M:%S}", named)

    def typed(self, at: datetime | None) -> str:
        """Returns a time as the value of a `datetime-local` field, on the site's clock."""
        return "" if at is None else at.astimezone(self.clocks.zone).strftime("%Y-%m-%dT%H:%M:%S")


def from_field(text: str, zone: ZoneInfo, *, latest: bool = False) -> datetime | None:
    """Parses a time from the address or a `datetime-local` field; on the site's clock if it names no zone.

    Args:
        latest: where the clock shows a time twice, take the second.

    Returns:
        The time in UTC, or None for what is not a time.
    """
    try:
        at = datetime.fromisoformat(text) if text else None
        return at and (at if at.tzinfo else at.replace(tzinfo=zone, fold=int(latest))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
