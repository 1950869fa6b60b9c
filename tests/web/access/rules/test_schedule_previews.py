"""What a schedule comes to, over HTTP: before it is saved, with errors beside their field."""

from typing import Any

import pytest

from tests.web.conftest import Headers, TestClient, problem

pytestmark = pytest.mark.one_database

WORK = {"days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "start": "22:00", "length": "08:00"}


def test_schedule_is_previewed_without_being_stored(client: TestClient, admin: Headers) -> None:
    before = client.get("/v1/schedules", headers=admin).json()
    answer = client.post("/v1/schedule-previews", headers=admin, json={"windows": [WORK]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert len(found["days"]) == 14
    by_day = {day["weekday"]: day for day in found["days"][1:]}
    assert by_day["Mon"]["words"] == "22:00 to 06:00"
    assert by_day["Sat"]["words"] == "closed"
    assert by_day["Sat"]["open"] == [[0, 360]]
    assert by_day["Tue"]["open"] == [[0, 360], [1320, 1440]]
    assert (found["next_opening"] is None) == found["words"].startswith("Open now")
    assert client.get("/v1/schedules", headers=admin).json() == before


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"windows": [WORK, WORK]}, "overlapping_windows", "windows"),
        ({"windows": []}, "bad_schedule", "windows"),
        ({"windows": [WORK], "on_calendar": [{"calendar": "gone", "windows": []}]}, "unknown_reference", "on_calendar"),
    ],
)
def test_error_names_its_field(client: TestClient, admin: Headers, body: dict[str, Any], code: str, field: str) -> None:
    answer = client.post("/v1/schedule-previews", headers=admin, json=body)
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["field"]) == (code, field)


def test_malformed_preview_is_refused(client: TestClient, admin: Headers) -> None:
    problem(client.post("/v1/schedule-previews", headers=admin, json={"windows": [WORK | {"days": []}]}), 422)
