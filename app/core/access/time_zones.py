"""Time zones by name, from the tzdata package: every machine has the same data, whatever its system carries."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from app.core.errors import BadInput

SECOND = timedelta(seconds=1)


@cache
def data_version() -> str:
    """The version of the tzdata package: two sites with the same one agree on every clock change."""
    return metadata.version("tzdata")


@cache
def zone_names() -> frozenset[str]:
    """Every name that `time_zone` knows."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def time_zone(name: str) -> ZoneInfo:
    """Returns the time zone of this name, such as Europe/Berlin. Raises BadInput for a name that does not exist."""
    if name not in zone_names():
        raise BadInput("unknown_time_zone", f'"{name}" is not a time zone. Use a name such as Europe/Berlin.')
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def instant(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Returns the instant, in UTC, at which a wall clock shows this minute of the day.

    Args:
        minute: minutes after midnight; 1440 and more belong to the next day.
        fold: 1 asks for the second time, where the clock shows a time twice.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def clock_change(day: date, zone: ZoneInfo) -> tuple[datetime, timedelta] | None:
    """Returns when the clock is changed on this date and by how much (positive: forward), or None."""
    before, after = instant(day, 0, zone), instant(day, 24 * 60, zone)
    old, new = _offset(before, zone), _offset(after, zone)
    if old == new:
        return None
    while after - before > SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after, new - old


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
