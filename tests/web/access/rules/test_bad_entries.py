"""Bad input to the rules: each is refused with a code, a sentence and the field, and changes nothing."""

from typing import Any

import pytest

from app.wiring import System
from tests.web.access.rules.conftest import EVERYBODY, EVERYWHERE, Call, filled

pytestmark = pytest.mark.one_database

MORNING = {"days": ["Mon"], "start": "07:00", "length": "04:00"}
RULE = {"name": "Rule", "who": EVERYBODY, "where": EVERYWHERE}

# kind, body, status, code, field
BAD: list[tuple[str, Any, int, str, str | None]] = [
    ("schedules", {"name": "S", "windows": [{**MORNING, "length": "00:00"}]}, 400, "bad_window", "windows"),
    ("schedules", {"name": "S", "windows": [{**MORNING, "length": "24:01"}]}, 400, "bad_window", "windows"),
    ("schedules", {"name": "S", "windows": [{**MORNING, "start": "24:00"}]}, 400, "bad_window", "windows"),
    ("schedules", {"name": "S", "windows": [{**MORNING, "start": "7:00"}]}, 422, "malformed_request", None),
    ("schedules", {"name": "S", "windows": [{**MORNING, "days": []}]}, 422, "malformed_request", None),
    ("schedules", {"name": "S", "windows": [{**MORNING, "days": ["Mon", "Mon"]}]}, 400, "bad_window", "windows"),
    ("schedules", {"name": "S", "windows": [{**MORNING, "days": ["Monday"]}]}, 422, "malformed_request", None),
    (
        "schedules",
        {"name": "S", "windows": [MORNING, {**MORNING, "start": "10:59"}]},
        400,
        "overlapping_windows",
        "windows",
    ),
    (
        "schedules",
        {"name": "S", "windows": [MORNING, {"days": ["Sun"], "start": "22:00", "length": "09:01"}]},
        400,
        "overlapping_windows",
        "windows",
    ),
    ("schedules", {"name": "S"}, 400, "bad_schedule", "windows"),
    ("schedules", {"name": "S", "windows": [MORNING] * 101}, 422, "malformed_request", None),
    (
        "schedules",
        {"name": "S", "windows": [MORNING], "on_calendar": [{"calendar": "{calendar}", "windows": []}] * 2},
        400,
        "duplicate_calendar",
        "on_calendar",
    ),
    (
        "schedules",
        {"name": "S", "windows": [MORNING], "on_calendar": [{"calendar": "x", "windows": []}]},
        400,
        "unknown_reference",
        "on_calendar",
    ),
    ("calendars", {"name": "C", "days": [{"date": "2026-12-25"}] * 2}, 400, "duplicate_date", "days"),
    ("calendars", {"name": "C", "days": [{"date": "12-25"}, {"date": "2026-12-25"}]}, 400, "duplicate_date", "days"),
    ("calendars", {"name": "C", "days": [{"date": "2026-02-30"}]}, 422, "malformed_request", None),
    ("calendars", {"name": "C", "days": [{"date": "2026-02-03T00:00"}]}, 422, "malformed_request", None),
    ("calendars", {"name": "C", "days": [{"date": "12-25", "name": "\u202e"}]}, 400, "bad_name", "days"),
    ("sites", {"name": "S", "time_zone": "Moon/Base"}, 400, "unknown_time_zone", "time_zone"),
    ("sites", {"name": "S", "time_zone": "../../etc/passwd"}, 400, "unknown_time_zone", "time_zone"),
    ("sites", {"name": " ", "time_zone": "UTC"}, 400, "bad_name", "name"),
    ("sites", {"name": "S", "time_zone": "UTC", "zone": "x"}, 422, "malformed_request", None),
    ("zones", {"name": "Z", "site": "nowhere"}, 400, "unknown_reference", "site"),
    ("zones", {"name": "Z", "site": "{site}", "parent": "nowhere"}, 400, "unknown_reference", "parent"),
    ("zones", {"name": "OFFICE", "site": "{site}"}, 400, "name_taken", "name"),
    ("zones", {"name": "Z" * 101, "site": "{site}"}, 422, "malformed_request", None),
    ("lanes", {"name": "L", "gate_in": "{gate}", "gate_out": "{gate}"}, 400, "bad_lane", "gate_out"),
    ("lanes", {"name": "L", "gate_in": "{gate}", "gate_out": "garage"}, 400, "unknown_reference", "gate_in"),
    ("groups", {"name": "x" * 65}, 422, "malformed_request", None),
    ("groups", {"name": "a\u0000b"}, 422, "malformed_request", None),
    ("groups", {"name": "staff"}, 400, "name_taken", "name"),
    ("rules", {**RULE, "who": {}}, 400, "rule_reaches_nobody", "who"),
    ("rules", {**RULE, "who": {"everybody": True, "groups": ["{group}"]}}, 400, "rule_reaches_nobody", "who"),
    ("rules", {**RULE, "where": {}}, 400, "rule_reaches_nothing", "where"),
    ("rules", {**RULE, "where": {"zones": ["server room"]}}, 400, "unknown_reference", "where"),
    ("rules", {**RULE, "who": {"people": ["nobody"]}}, 400, "unknown_reference", "who"),
    ("rules", {**RULE, "schedule": "always"}, 400, "unknown_reference", "schedule"),
    ("rules", {**RULE, "valid_from": "2027-01-02", "valid_until": "2027-01-01"}, 400, "bad_valid_until", "valid_until"),
    ("rules", {**RULE, "valid_from": "1999-12-31"}, 400, "bad_valid_from", "valid_from"),
    ("rules", {**RULE, "valid_from": "2027-01-02T00:00:00Z"}, 422, "malformed_request", None),
    ("rules", {**RULE, "note": "\u2028"}, 400, "bad_note", "note"),
    ("rules", {"name": "Rule"}, 422, "malformed_request", None),
    ("rules", {**RULE, "who": {"people": ["x"] * 1001}}, 422, "malformed_request", None),
    ("gate-modes", {"gate": "{gate}", "mode": "open"}, 422, "malformed_request", None),
    ("gate-modes", {"gate": "{zone}", "mode": "free"}, 400, "unknown_reference", "gate"),
    (
        "gate-modes",
        {"gate": "{gate}", "mode": "normal", "first_person_group": "{group}"},
        400,
        "bad_gate_mode",
        "first_person_group",
    ),
    (
        "gate-modes",
        {"gate": "{gate}", "mode": "free", "first_person_group": "{zone}"},
        400,
        "unknown_reference",
        "first_person_group",
    ),
]


@pytest.mark.parametrize(("kind", "body", "status", "code", "field"), BAD)
def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    system: System, call: Call, ids: dict[str, str], kind: str, body: Any, status: int, code: str, field: str | None
) -> None:
    before = system.rule_book.file()
    refused = call("POST", f"/{kind}", filled(body, ids), status)
    assert (refused["error"], refused.get("field")) == (code, field), refused
    assert 10 < len(refused["detail"]) < 600
    # A diff refuses it alike.
    change = {"changes": [{"kind": kind, "action": "create", "body": filled(body, ids)}]}
    proposed = call("POST", "/rules/diff", change, status)
    assert (proposed["error"], proposed.get("field")) == (code, field), proposed
    assert system.rule_book.file() == before


def test_zones_in_a_circle_are_refused(call: Call, ids: dict[str, str]) -> None:
    inner = call("POST", "/zones", {"name": "Inner", "site": ids["site"], "parent": ids["zone"]})["id"]
    innermost = call("POST", "/zones", {"name": "Innermost", "site": ids["site"], "parent": inner})["id"]
    for parent in (ids["zone"], inner, innermost):
        refused = call("PATCH", f"/zones/{ids['zone']}", {"parent": parent}, 400)
        assert (refused["error"], refused["field"]) == ("zone_circle", "parent")
    other = call("POST", "/sites", {"name": "Other", "time_zone": "UTC"})["id"]
    refused = call("PATCH", f"/zones/{innermost}", {"site": other}, 400)
    assert (refused["error"], refused["field"]) == ("other_site", "parent")
    call("DELETE", f"/zones/{innermost}")
    call("DELETE", f"/zones/{inner}")


def test_a_gate_is_in_one_lane_and_a_mode_is_there_once(call: Call, ids: dict[str, str]) -> None:
    lane = {"name": "First", "gate_in": ids["gate"], "gate_out": ids["other_gate"]}
    call("POST", "/lanes", lane)
    second = {"name": "Second", "gate_in": ids["other_gate"], "gate_out": ids["gate"]}
    refused = call("POST", "/lanes", second, 400)
    assert (refused["error"], refused["field"]) == ("gate_in_two_lanes", "gate_in")
    mode = {"gate": ids["gate"], "mode": "no_entry"}
    made = call("POST", "/gate-modes", mode)
    assert call("POST", "/gate-modes", mode, 400)["error"] == "duplicate_mode"
    call("DELETE", f"/gate-modes/{made['id']}")


@pytest.mark.parametrize("body", [{"name": None}, {"who": None}, {"where": {"everywhere": None}}, {"id": "x"}, []])
def test_a_patch_clears_only_what_may_be_empty(call: Call, body: Any) -> None:
    rule = call("POST", "/rules", RULE)
    assert call("PATCH", f"/rules/{rule['id']}", body, 422)["error"] == "malformed_request"
    assert call("GET", f"/rules/{rule['id']}")["version"] == rule["version"]
