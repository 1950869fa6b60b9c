"""Pages show times on the clock of the site or of the gate, name the zone once, and take typed times on that clock."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.core.types import Role
from app.services.access.site_clock import WallClocks
from app.web.console.page_clock import PageClock, from_field
from app.wiring import System
from tests import pictures
from tests.web.conftest import GATE, Headers, TestClient, cookie, sign_in

BERLIN, SYDNEY, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney"), ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def page(now: datetime = NOON, zone: ZoneInfo = BERLIN) -> PageClock:
    return PageClock(lambda: WallClocks(now, zone, {"here": zone, "far": TOKYO}))


def words(markup: str) -> str:
    """What the screen shows: without tags and without the date of today."""
    return re.sub("<[^>]*>", "", re.sub('<span class="today">.*?</span>', "", markup)).strip()


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (NOON, "13:00:00"),
        (datetime(2026, 11, 28, 23, 0, tzinfo=UTC), "00:00:00"),
        (datetime(2026, 11, 28, 22, 59, 59, tzinfo=UTC), "2026-11-28 23:59:59"),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "2026-11-30 00:00:00"),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "2026-07-01 14:00:00"),
    ],
)
def test_time_has_its_date_unless_it_is_today_at_the_site(at: datetime, shown: str) -> None:
    assert words(page().when(at)) == shown


def test_date_of_today_is_there_for_printing() -> None:
    assert page().when(NOON) == (
        '<time datetime="2026-11-29T12:00:00.000Z" title="2026-11-29T13:00:00.000+01:00">'
        '<span class="today">2026-11-29 </span>13:00:00</time>'
    )


def test_two_hours_of_a_clock_that_goes_back_differ_in_the_title() -> None:
    first = page().when("2026-10-25T00:30:00.000Z")
    second = page().when("2026-10-25T01:30:00.000Z")
    assert words(first) == words(second) == "2026-10-25 02:30:00"
    assert "02:30:00.000+02:00" in first and "02:30:00.000+01:00" in second


def test_gate_in_another_zone_has_its_own_clock_and_day() -> None:
    clock = page(datetime(2026, 11, 29, 20, tzinfo=UTC))
    assert words(clock.when(NOON, "here")) == "13:00:00"
    assert words(clock.when(NOON, "far")) == "2026-11-29 21:00:00 Asia/Tokyo"
    assert words(clock.when(NOON, "gone")) == "13:00:00"


def test_page_without_times_reads_no_clock() -> None:
    def read() -> WallClocks:
        raise AssertionError("the database may be what failed")

    assert not PageClock(read).used


def test_today_is_the_date_at_the_site() -> None:
    late = datetime(2026, 11, 30, 13, tzinfo=UTC)
    assert WallClocks(late, SYDNEY, {}).today == date(2026, 12, 1)
    assert WallClocks(late - timedelta(seconds=1), SYDNEY, {}).today == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "latest", "utc"),
    [
        ("2026-11-29T13:00", False, "2026-11-29T12:00"),
        ("2026-11-29T13:00:00+09:00", False, "2026-11-29T04:00"),
        ("2026-11-29T13:00:00Z", True, "2026-11-29T13:00"),
        ("2026-10-25T02:30", False, "2026-10-25T00:30"),  # the clock shows it twice
        ("2026-10-25T02:30", True, "2026-10-25T01:30"),
        ("2026-03-29T02:30", False, "2026-03-29T01:30"),  # the clock never shows it: as 03:30
    ],
)
def test_typed_time_is_on_the_sites_clock(typed: str, latest: bool, utc: str) -> None:
    assert from_field(typed, BERLIN, latest=latest) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00", "0001-01-01T00:00:00+10:00", "0001-01-01T00:00"])
def test_invalid_time_does_not_filter(text: str) -> None:
    assert from_field(text, SYDNEY) is None


def test_shown_value_of_a_field_is_read_back() -> None:
    at = datetime(2026, 7, 1, 21, 15, 30, tzinfo=UTC)
    assert from_field(page(zone=SYDNEY).typed(at), SYDNEY) == at
    assert page().typed(None) == ""


def test_pages_name_the_sites_zone_once(
    client: TestClient, system: System, ask: Any, in_zone: Callable[[str], None]
) -> None:
    event = ask(pictures.empty()).json()
    in_zone("Asia/Kolkata")
    headers = cookie(sign_in(system, Role.ADMIN))
    local = datetime.fromisoformat(event["at"]).astimezone(ZoneInfo("Asia/Kolkata"))
    for path in ("/activity", f"/activity/{event['decision_id']}", "/live", "/users", "/reports"):
        text = client.get(path, headers=headers).text
        assert text.count("Times are in Asia/Kolkata.") == 1, path
        assert not re.search(r">[^<]*\d\d:\d\d[^<]*UTC", text), path
    shown = client.get(f"/activity/{event['decision_id']}", headers=headers).text
    assert f'title="{local.isoformat(timespec="milliseconds")}"' in shown
    assert f"{local:%H:%M:%S}</time>" in shown


def test_log_filters_on_the_sites_clock_and_its_csv_gets_the_same_time(
    client: TestClient, system: System, ask: Any, in_zone: Callable[[str], None]
) -> None:
    event = ask(pictures.empty()).json()
    in_zone("Asia/Kolkata")
    headers = cookie(sign_in(system, Role.ADMIN))
    at = datetime.fromisoformat(event["at"])
    local = at.astimezone(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None, microsecond=0)
    query = {"gate": GATE, "from": local.isoformat()}
    shown = client.get("/activity", headers=headers, params=query).text
    assert event["decision_id"] in shown
    assert f"{local:%H:%M:%S}" in re.findall(r'name="when"[^>]* value="([^"]*)"', shown)[0]
    assert f"from={at:%Y-%m-%dT%H%%3A%M%%3A%S}.000Z" in shown, "the address of the CSV"
    later = {"gate": GATE, "from": (local + timedelta(seconds=1)).isoformat()}
    assert event["decision_id"] not in client.get("/activity", headers=headers, params=later).text


def test_unchanged_person_form_saves_the_same_values(
    client: TestClient, system: System, admin: Headers, newcomer: dict[str, Any], in_zone: Callable[[str], None]
) -> None:
    days = {"valid_from": "2026-12-01", "valid_until": "2026-12-31", "consent_at": "2026-11-20"}
    path = f"/v1/employees/{newcomer['id']}"
    assert client.patch(path, headers=admin, json=days).status_code == 200
    for zone in ("Australia/Sydney", "America/New_York"):
        in_zone(zone)
        text = client.get(f"/employees/{newcomer['id']}", headers=cookie(sign_in(system, Role.ADMIN))).text
        fields = {name: re.findall(rf'name="{name}" type="date" value="([^"]*)"', text) for name in days}
        assert fields == {name: [day] for name, day in days.items()}
        assert client.patch(path, headers=admin, json={name: f[0] for name, f in fields.items()}).status_code == 200
        assert {name: client.get(path, headers=admin).json()[name] for name in days} == days
