"""Rules over HTTP: read, proposed, changed, asked; grants and blocks; what is wrong is named by its place."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.wiring import System
from tests.web.conftest import GATE, OTHER_GATE, Headers

NEVER = {
    "name": "Never again",
    "on_calendar": [{"calendar": "Gone", "windows": [{"start": "00:00", "length": "01:00"}]}],
}
GONE = {"name": "Gone", "dates": ["2020-01-01"]}


@pytest.fixture(autouse=True)
def as_before(system: System) -> Iterator[None]:
    """Other tests of the web share the rules."""
    before = system.rule_book.file()[1]
    yield
    system.rule_book.apply(before)


def test_round_trip_of_the_file_changes_nothing(client: TestClient, admin: Headers) -> None:
    read = client.get("/v1/rules", headers=admin)
    assert read.status_code == 200, read.text
    body = read.json()
    assert {"Everybody, everywhere, always"} <= {rule["name"] for rule in body["rules"]["rules"]}
    version = {"If-Match": f'"{body["version"]}"'}
    done = client.put("/v1/rules", headers=admin | version, json=body["rules"]).json()
    assert done["version"] == body["version"]
    assert (done["words"], done["gates"]) == ("This changes nothing for anybody.", [])


def test_change_is_proposed_then_made_and_explained(
    client: TestClient, admin: Headers, security: Headers, newcomer: dict[str, Any]
) -> None:
    rules = client.get("/v1/rules/rules", headers=admin).json()["items"]
    everybody = next(item for item in rules if item["entry"]["who"] == "everybody")
    ask = {"person": newcomer["number"], "gate": GATE}
    told = client.get("/v1/access/explain", headers=security, params=ask).json()
    assert (told["decision"], told["reason"]) == ("open", "recognised")
    path, only = f"/v1/rules/rules/{everybody['id']}", {**everybody["entry"], "where": {"gates": [OTHER_GATE]}}
    proposed = client.put(path, headers=admin, params={"dry_run": True}, json=only).json()
    (here,) = [gate for gate in proposed["gates"] if gate["gate"] == GATE]
    assert newcomer["id"] in here["lost"] and here["nobody_left"]
    assert GATE in proposed["words"].partition("nobody is left for ")[2]
    assert client.get("/v1/access/explain", headers=security, params=ask).json()["decision"] == "open"
    made = client.put(path, headers=admin | {"If-Match": everybody["mark"]}, json=only)
    assert made.status_code == 200, made.text
    told = client.get("/v1/access/explain", headers=security, params=ask).json()
    assert (told["decision"], told["reason"]) == ("deny", "no_rule")
    assert told["words"] == f"No rule lets {newcomer['name']} through {GATE}."
    assert told["nearest"] == everybody["id"]
    assert [c["kind"] for c in told["rules"][0]["conditions"] if not c["passed"]] == ["where"]
    who = client.get("/v1/access/who", headers=security, params={"gate": OTHER_GATE}).json()
    assert newcomer["id"] in [employee["id"] for employee in who["employees"]]
    assert client.get("/v1/access/who", headers=security, params={"gate": GATE}).json()["employees"] == []
    # The second of two admins is shown what the first made.
    late = client.put(path, headers=admin | {"If-Match": everybody["mark"]}, json=everybody["entry"])
    assert (late.status_code, late.json()["error"]) == (409, "entry_changed")
    assert late.json()["current"]["where"] == {"gates": [OTHER_GATE]}


def test_entries_are_added_and_removed_unless_something_names_them(client: TestClient, admin: Headers) -> None:
    for kind, entry in (("calendars", GONE), ("schedules", NEVER)):
        added = client.post(f"/v1/rules/{kind}", headers=admin, json=entry)
        assert added.status_code == 201, added.text
    ids = {
        kind: next(i["id"] for i in client.get(f"/v1/rules/{kind}", headers=admin).json()["items"])
        for kind in ("calendars", "schedules")
    }
    refused = client.delete(f"/v1/rules/calendars/{ids['calendars']}", headers=admin)
    assert (refused.status_code, refused.json()["error"]) == (409, "in_use")
    assert "schedules[Never again]" in refused.json()["detail"]
    for kind in ("schedules", "calendars"):
        assert client.delete(f"/v1/rules/{kind}/{ids[kind]}", headers=admin).status_code == 200
    assert client.get(f"/v1/rules/calendars/{ids['calendars']}", headers=admin).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/rules/schedules", {"name": "Empty"}, 400, "bad_rules_file"),
        ("POST", "/v1/rules/schedules", {}, 400, "bad_rules_file"),
        ("POST", "/v1/rules/modes", {}, 400, "bad_rules_file"),
        ("POST", "/v1/rules/gates", {"name": "garage"}, 400, "gate_not_managed_here"),
        ("POST", "/v1/rules/doors", {"name": "x"}, 422, "malformed_request"),
        ("PUT", "/v1/rules", {}, 400, "bad_rules_file"),
        ("PUT", "/v1/rules/rules/01X", {}, 404, "unknown_entry"),
        ("DELETE", "/v1/rules/rules/01X", None, 404, "unknown_entry"),
        ("GET", "/v1/access/explain?person=nobody&gate=lobby-1", None, 404, "unknown_employee"),
        ("GET", "/v1/access/who?gate=nowhere", None, 404, "unknown_gate"),
        ("GET", f"/v1/access/who?gate={GATE}&at=9999-12-31T00:00:00Z", None, 400, "bad_at"),
        ("DELETE", "/v1/grants/01X", None, 404, "unknown_grant"),
        ("PUT", "/v1/employees/01X/block", {"reason": "badge lost"}, 404, "unknown_employee"),
    ],
)
def test_invalid_input_is_refused(
    client: TestClient, admin: Headers, method: str, path: str, body: Any, status: int, code: str
) -> None:
    before = client.get("/v1/rules", headers=admin).json()
    answer = client.request(method, path, headers=admin, json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert client.get("/v1/rules", headers=admin).json() == before


def test_version_that_is_none_is_refused(client: TestClient, admin: Headers) -> None:
    answer = client.put("/v1/rules", headers=admin | {"If-Match": "latest"}, json={"format": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_if_match")


def test_grant_and_a_block(client: TestClient, admin: Headers, newcomer: dict[str, Any]) -> None:
    who = newcomer["id"]
    grant = {"employee": who, "gates": [GATE], "reason": "meets the auditor"}
    made = client.post("/v1/grants", headers=admin, json=grant)
    assert made.status_code == 201, made.text
    assert made.json()["id"] in [item["id"] for item in client.get("/v1/grants", headers=admin).json()["items"]]
    block = f"/v1/employees/{who}/block"
    assert client.get(block, headers=admin).json()["blocked_at"] is None
    assert client.put(block, headers=admin, json={"reason": "badge lost"}).json()["reason"] == "badge lost"
    assert made.json()["id"] not in [item["id"] for item in client.get("/v1/grants", headers=admin).json()["items"]]
    told = client.get("/v1/access/explain", headers=admin, params={"person": who, "gate": GATE}).json()
    assert (told["decision"], told["reason"]) == ("deny", "blocked")
    refused = client.post("/v1/grants", headers=admin, json=grant)
    assert (refused.status_code, refused.json()["error"]) == (409, "employee_blocked")
    assert client.delete(block, headers=admin).status_code == 204
    late = {**grant, "ends_at": "9999-01-01T00:00:00Z"}
    assert client.post("/v1/grants", headers=admin, json=late).json()["error"] == "bad_grant"
