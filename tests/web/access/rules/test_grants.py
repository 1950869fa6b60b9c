"""Temporary grants and blocks over HTTP: who may give them, what the log says of them, and when they end."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.canonical import instant
from app.wiring import System
from tests.web.access.rules.conftest import EVERYWHERE, Call
from tests.web.conftest import GATE, OTHER_GATE, Headers

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def admins_only(system: System, call: Call) -> Iterator[None]:
    yield
    call("PATCH", "/settings", {"guard_grant_max_hours": None})
    for grant in call("GET", "/grants")["items"]:
        call("DELETE", f"/grants/{grant['id']}")


def log_of(call: Call, gate: str, employee: str) -> list[tuple[str, str | None, str | None]]:
    """Reason, actor and comment of the orders about an employee at a gate, newest first."""
    found = call("GET", f"/events?gate={gate}&employee={employee}")["items"]
    assert all(event["employee"]["id"] == employee for event in found)
    return [(event["reason"], event["actor"], event["comment"]) for event in found]


def in_hours(system: System, hours: float) -> str:
    return instant(system.clock() + timedelta(hours=hours))


def test_grant_is_given_changed_and_ended_and_the_log_says_so(
    system: System, client: TestClient, admin: Headers, call: Call, ids: dict[str, str], people: list[str]
) -> None:
    who = people[2]
    for rule in call("GET", "/rules")["items"]:
        call("DELETE", f"/rules/{rule['id']}")
    ask = f"/access/explain?person={who}&gate={GATE}"
    assert call("GET", ask)["reason"] == "no_rule"
    answer = client.post(
        "/v1/grants",
        headers=admin,
        json={"employee": who, "where": {"gates": [ids["gate"]]}, "reason": "meets the auditor"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["etag"] == f'"{made["version"]}"'
    assert made["names"] == {ids["gate"]: GATE, who: "Employee 2", made["granted_by"]: "tests"}
    assert call("GET", ask)["reason"] == "recognised"
    assert call("GET", f"/grants/{made['id']}") == made
    assert call("GET", f"/grants?employee={who}&gate={ids['gate']}")["items"] == [made]
    for other in (f"employee={people[0]}", f"gate={ids['other_gate']}"):
        assert call("GET", f"/grants?{other}")["items"] == []
    by = made["granted_by"]
    assert log_of(call, GATE, who) == [("grant_given", by, "meets the auditor")]
    assert log_of(call, OTHER_GATE, who) == []
    changed = call("PATCH", f"/grants/{made['id']}", {"where": EVERYWHERE}, If_Match=made["version"])
    assert (changed["where"]["everywhere"], changed["ends_at"]) == (True, made["ends_at"])
    late = call("DELETE", f"/grants/{made['id']}", status=409, If_Match=made["version"])
    assert (late["error"], late["current"]) == ("entry_changed", changed)
    assert log_of(call, OTHER_GATE, who) == [("grant_given", by, "meets the auditor")]
    call("DELETE", f"/grants/{made['id']}", If_Match=changed["version"])
    assert sorted(reason for reason, *_ in log_of(call, GATE, who)) == ["grant_ended"] * 2 + ["grant_given"] * 2
    assert sorted(reason for reason, *_ in log_of(call, OTHER_GATE, who)) == ["grant_ended", "grant_given"]
    assert call("GET", ask)["reason"] == "no_rule"
    for method in ("GET", "DELETE"):
        assert call(method, f"/grants/{made['id']}", status=404)["error"] == "unknown_grant"
    assert call("GET", "/audit/verify")["valid"] is True


def test_guard_gives_grants_only_as_the_setting_allows(
    system: System, client: TestClient, guard: Headers, call: Call, ids: dict[str, str], people: list[str]
) -> None:
    def give(hours: float | None = None, starts: float | None = None) -> Any:
        body: dict[str, Any] = {"employee": people[1], "where": {"gates": [ids["gate"]]}, "reason": "forgot her badge"}
        body |= {} if hours is None else {"ends_at": in_hours(system, hours)}
        body |= {} if starts is None else {"starts_at": in_hours(system, starts)}
        return client.post("/v1/grants", headers=guard, json=body)

    before = call("GET", "/settings")
    assert before["guard_grant_max_hours"] is None
    assert (give(1).status_code, give(1).json()["error"]) == (403, "guards_may_not_grant")
    assert client.patch("/v1/settings", headers=guard, json={"guard_grant_max_hours": 168}).status_code == 403
    changed = call("PATCH", "/settings", {"guard_grant_max_hours": 8}, If_Match=before["version"])
    late = call("PATCH", "/settings", {"guard_grant_max_hours": 9}, 409, If_Match=before["version"])
    assert (late["error"], late["current"]) == ("entry_changed", changed)
    for wrong in (0, 169, "many"):
        assert call("PATCH", "/settings", {"guard_grant_max_hours": wrong}, 422)["error"] == "malformed_request"
    # 24 hours unless said are too long; so is an hour that begins after the eight.
    for refused in (give(), give(8.1), give(9, starts=8)):
        assert (refused.status_code, refused.json()["error"]) == (400, "grant_too_long"), refused.text
        assert refused.json()["field"] == "ends_at"
    made = give(7.9)
    assert made.status_code == 201, made.text
    grant = made.json()
    assert grant["names"][grant["granted_by"]] == "front desk"
    assert log_of(call, GATE, people[1])[0] == ("grant_given", grant["granted_by"], "forgot her badge")
    longer = client.patch(f"/v1/grants/{grant['id']}", headers=guard, json={"ends_at": in_hours(system, 9)})
    assert (longer.status_code, longer.json()["error"]) == (400, "grant_too_long")
    by_admin = call("POST", "/grants", {"employee": people[0], "where": EVERYWHERE, "reason": "a parcel"})
    for refused in (
        client.delete(f"/v1/grants/{by_admin['id']}", headers=guard),
        client.patch(f"/v1/grants/{by_admin['id']}", headers=guard, json={"reason": "mine"}),
    ):
        assert (refused.status_code, refused.json()["error"]) == (403, "not_your_grant")
    assert client.delete(f"/v1/grants/{grant['id']}", headers=guard).status_code == 204


def test_grants_come_in_pages(call: Call, people: list[str]) -> None:
    body = {"where": EVERYWHERE, "reason": "a parcel"}
    made = {call("POST", "/grants", {**body, "employee": one})["id"] for one in people}
    first = call("GET", "/grants?limit=2")
    rest = call("GET", f"/grants?limit=2&cursor={first['next']}")
    assert {grant["id"] for grant in first["items"] + rest["items"]} == made
    assert (len(first["items"]), rest["next"]) == (2, None)


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"employee": "nobody"}, 404, "unknown_employee", None),
        ({"where": {}}, 400, "rule_reaches_nothing", "where"),
        ({"where": {"gates": ["garage"]}}, 400, "unknown_reference", "where"),
        ({"reason": ""}, 422, "malformed_request", None),
        ({"reason": "\u200b"}, 400, "bad_reason", "reason"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, 400, "bad_grant", "ends_at"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, 400, "bad_grant", "ends_at"),
        ({"ends_at": "9999-01-01T00:00:00Z"}, 400, "bad_grant", "ends_at"),
        ({"ends_at": "2027-01-01T00:00:00"}, 422, "malformed_request", None),
        ({"ends_at": "tomorrow"}, 422, "malformed_request", None),
    ],
)
def test_bad_grant_is_refused(
    call: Call, people: list[str], change: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    body = {"employee": people[0], "where": EVERYWHERE, "reason": "a parcel", **change}
    refused = call("POST", "/grants", body, status)
    assert (refused["error"], refused.get("field")) == (code, field), refused
    assert call("GET", "/grants")["items"] == []


def test_block_keeps_somebody_out_and_ends_their_grants(system: System, call: Call, people: list[str]) -> None:
    who, ask = people[0], f"/access/explain?person={people[0]}&gate={GATE}"
    grant = {"employee": who, "where": EVERYWHERE, "reason": "a parcel"}
    call("POST", "/grants", grant)
    path = f"/employees/{who}"
    assert call("GET", f"{path}/block")["blocked_at"] is None
    until = in_hours(system, 2)
    blocked = call("POST", f"{path}/block", {"reason": "badge lost", "until": until}, 200)
    assert (blocked["reason"], blocked["blocked_until"]) == ("badge lost", until)
    assert call("GET", f"{path}/block") == blocked
    assert call("GET", "/grants")["items"] == []
    assert call("GET", ask)["reason"] == "blocked"
    assert call("POST", "/grants", grant, 409)["error"] == "employee_blocked"
    assert call("POST", f"{path}/unblock", status=200)["blocked_at"] is None
    assert call("GET", ask)["reason"] == "recognised"
    for missing in ("block", "unblock"):
        body = {"reason": "badge lost"} if missing == "block" else None
        assert call("POST", f"/employees/01X/{missing}", body, 404)["error"] == "unknown_employee"
    assert call("POST", f"{path}/block", {"reason": " "}, 400)["error"] == "bad_block_reason"
