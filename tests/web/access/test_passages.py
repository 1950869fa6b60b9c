"""Passages over HTTP: what a gate reports, who is inside, the muster and corrections."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.core.access.rules import GatePlace, Zone
from app.core.gates.commands import PassageSource
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, OTHER_GATE, Headers, TestClient, bearer, photos, problem

HEARTBEAT = f"/v1/gates/{GATE}/heartbeat"
HALL = "01PASSAGEHALL"


@pytest.fixture
def hall(system: System) -> Iterator[str]:
    """A zone that the gate leads into; the gate has a sensor. Everything is as before when the test ends."""
    gate = system.gates.get(GATE)
    with system.store.write() as tx:
        (before,) = (place for place in tx.rules.all().gates if place.id == gate.id)
        tx.rules.put(Zone(HALL, "Hall", before.site_id), GatePlace(gate.id, GATE, before.site_id, None, HALL))
        tx.gates.update(replace(gate, passages=PassageSource.SENSOR))
    yield HALL
    with system.store.write() as tx:
        tx.presences.remove([one.person_id for one in tx.presences.all()])
        for passage in tx.passages.of_gate(gate.id):
            tx.passages.take(passage.id)
        tx.rules.put(before)
        tx.rules.delete(*(zone for zone in tx.rules.all().zones if zone.id == HALL))
        tx.gates.update(replace(system.gates.get(GATE), passages=PassageSource.ASSUME_ON_GRANT))


def people(client: TestClient, headers: Headers) -> list[tuple[str, str | None]]:
    """Who is inside, and by which gate they came."""
    zones = client.get("/v1/occupancy", headers=headers).json()["zones"]
    return [(one["employee"]["name"], one["gate"]) for zone in zones for one in zone["people"]]


def test_gate_grants_and_reports_a_passage(
    client: TestClient, hall: str, gate: Headers, security: Headers, viewer: Headers, ada: dict[str, Any]
) -> None:
    answer = client.post(DECISIONS, headers=gate, files=photos(pictures.ADA[1], field="image")).json()
    assert answer["decision"] == "open" and set(answer["passage"]) == {"id", "confirm_until"}
    event = client.get(f"/v1/events/{answer['decision_id']}", headers=security).json()
    assert event["passage"] == answer["passage"]
    assert people(client, viewer) == []
    report: dict[str, Any] = {"state": "closed", "passed": 1}
    report["report_id"] = "7"
    assert [client.post(HEARTBEAT, headers=gate, json=report).status_code for _ in range(2)] == [204, 204]
    assert people(client, viewer) == [("Ada Lovelace", GATE)]
    del report["report_id"]
    assert client.post(HEARTBEAT, headers=gate, json=report).status_code == 204
    found = client.get("/v1/occupancy", headers=viewer).json()
    assert (found["people"], found["unknown"]) == (1, 1)
    (alert,) = client.get("/v1/alerts?kind=passed_without_grant", headers=security).json()["items"][:1]
    assert (alert["gate"], alert["severity"]) == (GATE, "critical")


@pytest.mark.parametrize("passed", [-1, 101, "one", 1.5])
def test_report_that_no_sensor_makes_is_refused(client: TestClient, gate: Headers, passed: object) -> None:
    problem(client.post(HEARTBEAT, headers=gate, json={"state": "closed", "passed": passed}), 422)


def test_report_at_a_gate_that_assumes_is_refused_and_its_door_is_kept(
    client: TestClient, gate: Headers, admin: Headers
) -> None:
    refused = client.post(HEARTBEAT, headers=gate, json={"state": "closed", "passed": 1})
    problem(refused, 409, code="passages_not_reported")
    assert client.get(f"/v1/gates/{GATE}", headers=admin).json()["door"] == "closed"
    assert client.post(HEARTBEAT, headers=gate, json={"state": "closed", "passed": 0}).status_code == 204


def test_gates_passages_are_chosen_and_shown(client: TestClient, admin: Headers) -> None:
    address = f"/v1/gates/{OTHER_GATE}"
    before = client.get(address, headers=admin).json()
    assert before["passages"] == "assume_on_grant"
    changed = client.patch(address, headers=admin, json={"passages": "assume_never"}).json()
    assert changed["passages"] == "assume_never" and changed["version"] != before["version"]
    back = client.patch(address, headers=admin, json={"passages": "assume_on_grant"}).json()
    assert back["version"] == before["version"]
    problem(client.patch(address, headers=admin, json={"passages": "both"}), 422)


def test_muster_is_begun_ticked_corrected_and_ended(
    client: TestClient, hall: str, gate: Headers, security: Headers, viewer: Headers, ada: dict[str, Any]
) -> None:
    client.post(f"/v1/employees/{ada['id']}/presence", headers=security, json={"place": "Hall", "comment": "seen"})
    ticked = f"/v1/muster/{ada['id']}/ticked"
    problem(client.post(ticked, headers=security, json={}), 409, code="no_muster")
    begun = client.post("/v1/muster", headers=security, json={"comment": "Fire drill"})
    assert (begun.status_code, begun.json()["comment"]) == (201, "Fire drill")
    version = client.get("/v1/muster/ticks", headers=viewer).json()["version"]
    assert client.post(ticked, headers=security, json={}).json()["ticked"] is True
    again = client.get("/v1/muster/ticks", headers=viewer).json()
    assert (again["version"], list(again["ticked"])) == (version, [ada["id"]])
    found = client.get("/v1/muster", headers=viewer).json()
    assert (found["people"], found["ticked"], found["elsewhere"]) == (1, 1, [])
    (listed,) = (one for zone in found["zones"] for one in zone["people"])
    assert listed["employee"]["number"] == "E-1001" and listed["ticked_at"] and listed["gate"] is None
    paper = client.get("/v1/muster.csv", headers=viewer).text.splitlines()
    assert paper[0] == "zone,number,name,since,gate,seen" and paper[1].startswith("Hall,E-1001,Ada Lovelace,2")
    problem(client.post(ticked, headers=viewer, json={}), 403, code="wrong_role")
    assert client.post("/v1/muster/end", headers=security).json()["ended_by"]
    assert client.get("/v1/muster/ticks", headers=viewer).json()["ticked"] == {}


def test_resets_and_corrections_need_a_reason(
    client: TestClient, hall: str, security: Headers, gate: Headers, ada: dict[str, Any]
) -> None:
    presence = f"/v1/employees/{ada['id']}/presence"
    problem(client.post(presence, headers=security, json={"place": "outside", "comment": ""}), 422)
    problem(client.post(presence, headers=gate, json={"place": "outside", "comment": "x"}), 403, code="wrong_role")
    problem(client.post(presence, headers=security, json={"place": "Moon", "comment": "x"}), 404, code="unknown_zone")
    corrected = client.post(presence, headers=security, json={"place": "outside", "comment": "by the fire exit"})
    assert corrected.json() == {"zone": None, "known": True, "since": corrected.json()["since"]}
    counted = {"count": 2, "comment": "two visitors"}
    assert client.put("/v1/occupancy/Hall/unknown", headers=security, json=counted).status_code == 204
    reset = client.post("/v1/occupancy/resets", headers=security, json={"place": "everybody", "comment": "a drill"})
    assert reset.json() == {"forgotten": 3}
    order = client.get("/v1/events?reason=presence_corrected", headers=security).json()["items"][0]
    assert (order["method"], order["decision"], order["comment"]) == ("command", "deny", "everybody, unknown: a drill")


def test_zone_says_what_it_asks_in_the_contract_and_in_the_file(client: TestClient, admin: Headers) -> None:
    site = client.get("/v1/sites", headers=admin).json()["items"][0]["id"]
    asked = {
        "anti_passback": "timed",
        "timed_minutes": 30,
        "forgive_after_hours": 8,
        "daily_reset": "04:00",
        "limit": 60,
    }
    made = client.post("/v1/zones", headers=admin, json={"name": "Vault", "site": site, **asked})
    assert made.status_code == 201 and asked.items() <= made.json().items()
    address = f"/v1/zones/{made.json()['id']}"
    wrong = problem(client.patch(address, headers=admin, json={"limit": 0}), 400, code="bad_limit")
    assert wrong["field"] == "limit"
    problem(client.patch(address, headers=admin, json={"daily_reset": "25:00"}), 422)
    text = client.get("/v1/rules.yaml", headers=admin).text
    assert "anti_passback: timed" in text and "daily_reset: 04:00" in text.replace("'", "")
    again = client.put(
        "/v1/rules.yaml?dry_run=true", headers={**admin, "Content-Type": "application/yaml"}, content=text
    )
    assert again.status_code == 200, again.text
    wrong = problem(client.patch(address, headers=admin, json={"anti_passback": "soft"}), 400, code="bad_timed_minutes")
    assert wrong["detail"] == "Minutes are only for timed anti-passback."
    plain = {"anti_passback": "soft", "timed_minutes": None, "daily_reset": None, "limit": None}
    changed = client.patch(address, headers=admin, json=plain).json()
    assert plain.items() <= changed.items() and changed["forgive_after_hours"] == 8
    assert client.delete(address, headers=admin).status_code == 204


def test_gate_key_sees_nobody(client: TestClient, system: System, gate: Headers) -> None:
    for path in ("/v1/occupancy", "/v1/muster", "/v1/muster.csv", "/v1/muster/ticks"):
        problem(client.get(path, headers=gate), 403, code="wrong_role")
        problem(client.get(path, headers=bearer("fg_admin_nothing")), 401)
