"""Backups of a site: what is known of each, when the next is due, and which are removed to make room."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

NIGHTLY_AT = time(3)  # on the site's clock
MOST_KEPT = 400
DEFAULT_KEPT = 14
SUFFIX = ".backup"
LEAST_PASSPHRASE = 12
OLD_AFTER = timedelta(hours=36)  # a night was missed


@dataclass(frozen=True)
class Backup:
    """One backup that was tried. place: the file. bytes: its size, None if it failed. problem: why it did."""

    id: str
    at: datetime
    place: str
    bytes: int | None
    with_key: bool
    is_scheduled: bool
    problem: str | None = None


@dataclass(frozen=True)
class BackupHead:
    """What the beginning of a backup file says in the clear; altering it makes the file unreadable.

    schema: of the database. key_check: identifies the master key and reveals nothing of it. with_key: the master key
    is in the file, which is sealed with a passphrase; otherwise it is sealed with the master key.
    """

    made_at: datetime
    schema: str
    key_check: bytes
    with_key: bool
    salt: bytes


@dataclass(frozen=True)
class Written:
    """A backup file as written. rows: how many of each table."""

    bytes: int
    rows: dict[str, int]


def is_due(now: datetime, last: datetime | None, zone: tzinfo) -> bool:
    """Whether the backup of last night is missing. last: when the newest good one was made."""
    if last is None:
        return True
    here = now.astimezone(zone)
    night = datetime.combine(here.date(), NIGHTLY_AT, zone)
    if night > here:
        night = datetime.combine(here.date() - timedelta(days=1), NIGHTLY_AT, zone)
    return last < night


def file_name(at: datetime) -> str:
    """The name of a backup in the folder: sorts by time."""
    return f"facegate-{at:%Y%m%d-%H%M%S}{SUFFIX}"


def surplus(names: Collection[str], kept: int) -> list[str]:
    """The oldest backups of a folder beyond the number that is kept. Other files are never among them."""
    ours = sorted(name for name in names if name.startswith("facegate-") and name.endswith(SUFFIX))
    return ours[: max(0, len(ours) - kept)]


def age_in_words(age: timedelta) -> str:
    """As in "3 hours"."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    size, unit = (1440, "day") if minutes >= 2880 else (60, "hour") if minutes >= 120 else (1, "minute")
    return f"{minutes // size} {unit}{'' if minutes // size == 1 else 's'}"
