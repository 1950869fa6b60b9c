"""How gates are driven, over HTTP: a driver is set, its secrets are not shown, its results are."""

from typing import Any

import pytest

from app.core.gates.commands import CommandOutcome
from app.core.gates.result import GateResultRow
from app.wiring import System
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, problem

SECRET = "a secret of the relay"  # 21 characters, none of which may be seen again


def test_driver_is_set_and_its_secrets_never_seen_again(client: TestClient, admin: Headers, system: System) -> None:
    relay = {"url": "http://10.1.2.3/gate", "secret": SECRET}
    body = {"name": "relay-1", "driver": "webhook", "config": relay, "fail_mode": "safe", "door_held_after_ms": 9000}
    created = client.post("/v1/gates", headers=admin, json=body)
    assert created.status_code == 201
    shown = created.json()
    assert (shown["driver"], shown["configured"], shown["fail_mode"]) == ("webhook", True, "safe")
    assert (shown["door_held_after_ms"], shown["door"], shown["door_at"]) == (9000, None, None)
    assert (shown["healthy"], shown["fault"]) == (None, None)  # nothing is driven in these tests
    changed = client.patch("/v1/gates/relay-1", headers=admin, json={"fail_mode": "secure", "unlock_ms": 700})
    version = changed.json()["version"]
    assert changed.json() == {**shown, "fail_mode": "secure", "unlock_ms": 700, "version": version}
    wrong = client.patch("/v1/gates/relay-1", headers=admin, json={"config": {**relay, "secret": "short"}})
    answers = [created, changed, wrong, client.get("/v1/gates", headers=admin)]
    assert not any(SECRET in answer.text or "10.1.2.3" in answer.text for answer in answers)
    assert problem(wrong, 400, code="bad_gate_config")["detail"].startswith("secret:")
    stored = system.gates.get("relay-1").sealed_config
    assert stored is not None and SECRET.encode() not in stored
    plain = client.patch("/v1/gates/relay-1", headers=admin, json={"driver": "plain"}).json()
    assert (plain["driver"], plain["configured"]) == ("plain", False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"driver": "drawbridge"}, "unknown_gate_kind"),
        ({"driver": "webhook"}, "bad_gate_config"),
        ({"driver": "webhook", "config": {"url": "http://169.254.169.254/", "secret": SECRET}}, "bad_gate_config"),
        ({"config": {"fail_mode": "safe"}}, "bad_gate_config"),
        ({"config": {"fail_mod": "safe"}}, "bad_gate_config"),
        ({"door_held_after_ms": 999}, "bad_door_held_after_ms"),
    ],
)
def test_invalid_driver_is_refused(
    client: TestClient, admin: Headers, nothing_stored: Any, body: dict[str, Any], code: str
) -> None:
    before = client.get(f"/v1/gates/{GATE}", headers=admin).json()
    with nothing_stored():
        problem(client.patch(f"/v1/gates/{GATE}", headers=admin, json=body), 400, code=code)
        problem(client.post("/v1/gates", headers=admin, json={"name": "new", **body}), 400, code=code)
    problem(client.patch(f"/v1/gates/{GATE}", headers=admin, json={"fail_mode": "perhaps"}), 422)
    assert client.get(f"/v1/gates/{GATE}", headers=admin).json() == before


def test_event_shows_its_gate_result_and_whether_it_is_forged(
    client: TestClient, gate: Headers, security: Headers, system: System
) -> None:
    event_id = client.post(DECISIONS, headers=gate, json={"credential": "1234"}).json()["decision_id"]
    read = lambda: client.get(f"/v1/events/{event_id}", headers=security).json()["gate_result"]  # noqa: E731
    assert read() is None
    row = GateResultRow(event_id, system.clock(), CommandOutcome.FAILED, "no answer")
    signed = GateResultRow(row.event_id, row.at, row.outcome, row.detail, system.signer.sign(row.signed_part))
    with system.store.write() as tx:
        tx.gate_results.put(signed)
    assert (read()["outcome"], read()["detail"], read()["forged"]) == ("failed", "no answer", False)
    assert client.get("/v1/audit/verify", headers=security).json()["valid"] is True
    with system.store.write() as tx:
        tx.gate_results.put(GateResultRow(row.event_id, row.at, CommandOutcome.OPENED, "", signed.signature))
    assert (read()["outcome"], read()["forged"]) == ("opened", True)
    report = client.get("/v1/audit/verify", headers=security).json()
    assert report["valid"] is False and report["first_bad"]["event_id"] == event_id
    with system.store.write() as tx:
        tx.gate_results.put(signed)


def test_gates_are_part_of_readiness_and_metrics(client: TestClient, admin: Headers) -> None:
    ready = client.get("/readyz", headers=admin)
    assert ready.status_code == 200 and ready.json()["checks"]["gates"]["ok"] is True
    text = client.get("/metrics", headers=admin).text
    assert "facegate_gate_up" in text and "facegate_gate_results" in text
