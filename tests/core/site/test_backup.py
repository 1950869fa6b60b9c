"""When a nightly backup is due, and which files of a folder make room."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.errors import BadField
from app.core.site.backup import age_in_words, file_name, is_due, surplus
from app.core.site.settings import SiteSettings

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-30 02:59", "2026-11-29 03:00", False),
        ("2026-11-30 03:00", "2026-11-29 03:00", True),
        ("2026-11-30 12:00", "2026-11-30 03:01", False),
        ("2026-11-30 02:00", "2026-11-28 22:00", True),
        # The clock goes forward over 02:30, and back over it.
        ("2026-03-29 03:30", "2026-03-28 03:00", True),
        ("2026-10-25 03:00", "2026-10-25 02:59", True),
    ],
)
def test_last_nights_backup_is_due_until_it_was_made(now: str, last: str, due: bool) -> None:
    assert is_due(berlin(now), berlin(last), BERLIN) is due


def test_first_backup_is_due_at_once() -> None:
    assert is_due(berlin("2026-11-30 12:00"), None, BERLIN)


def test_oldest_make_room_and_no_other_file_does() -> None:
    begin = berlin("2026-11-01 03:00")
    names = [file_name(begin + timedelta(days=n)) for n in range(5)]
    others = ["facegate-keys.sealed", "a.backup", "facegate-notes.txt"]
    assert surplus([*reversed(names), *others], 3) == names[:2]
    assert surplus(names, 5) == surplus([], 1) == []


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1, minutes=50), "110 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=9), "9 days"),
    ],
)
def test_age_is_said_in_one_unit(age: timedelta, words: str) -> None:
    assert age_in_words(age) == words


@pytest.mark.parametrize(
    "wrong", [{"backups_kept": 0}, {"backups_kept": 401}, {"false_accept_rate": 0.0}, {"false_accept_rate": 0.2}]
)
def test_setting_out_of_bounds_names_its_field(wrong: dict[str, float]) -> None:
    with pytest.raises(BadField) as refused:
        SiteSettings(**wrong)  # type: ignore[arg-type]
    assert [refused.value.field] == list(wrong)
