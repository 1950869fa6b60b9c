"""Badges over HTTP: previewed, given, presented, read by a gate, taken back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.credentials.formats import CardFormat, CardNumber, encode
from app.core.events.records import EventFilter
from app.core.gates.commands import DriverKind
from app.core.types import Role
from app.services.gates.gate_settings import GateUpdate
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, OTHER_GATE, Headers, TestClient, cookie, photos, problem, sign_in

HEARTBEAT = f"/v1/gates/{GATE}/heartbeat"
FORMAT = CardFormat.H10301


@pytest.fixture
def person(client: TestClient, admin: Headers, system: System) -> Iterator[str]:
    """Somebody without a photo; the gate's reader reads 26 bits."""
    system.gate_settings.change(GATE, GateUpdate(badge_format=FORMAT))
    made = client.post("/v1/employees", headers=admin, json={"number": "B-77", "name": "Bea <b>"}).json()
    yield made["id"]
    client.delete(f"/v1/employees/{made['id']}", headers=admin)
    system.gate_settings.change(GATE, GateUpdate(badge_format=CardFormat.RAW))


def give(client: TestClient, admin: Headers, person: str, number: str = "12-54711", **more: Any) -> dict[str, Any]:
    body = {"employee": person, "number": number, "card_format": "h10301", **more}
    answer = client.post("/v1/credentials", headers=admin, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_badge_is_given_and_opens(
    client: TestClient, admin: Headers, gate: Headers, security: Headers, person: str
) -> None:
    made = give(client, admin, person)
    assert (made["kind"], made["last_four"], made["bits"], made["actor"]) == ("badge", "4711", 26, "tests")
    assert "54711" not in str(made)
    listed = client.get(f"/v1/credentials?employee={person}", headers=admin).json()
    assert listed == {"items": [made], "next": None}
    assert client.get(f"/v1/credentials/{made['id']}", headers=admin).json() == made
    body = client.post(DECISIONS, headers=gate, json={"credential": "12-54711"}).json()
    assert (body["decision"], body["reason"], body["method"]) == ("open", "credential_accepted", "credential")
    assert body["credential"] == {"kind": "badge", "last_four": "4711", "bits": 26, "id": made["id"]}
    assert body["employee"]["number"] == "B-77"
    event = client.get(f"/v1/events/{body['decision_id']}", headers=security).json()
    assert event["credential"] == {**body["credential"], "pin": False}
    assert client.get("/v1/audit/verify", headers=security).json()["valid"] is True
    assert client.delete(f"/v1/credentials/{made['id']}", headers=admin).status_code == 204
    body = client.post(DECISIONS, headers=gate, json={"credential": "12-54711"}).json()
    assert (body["decision"], body["reason"], body["credential"]["id"]) == ("deny", "credential_unknown", None)
    problem(client.delete(f"/v1/credentials/{made['id']}", headers=admin), 404, code="unknown_credential")


def test_gate_reads_a_badge(client: TestClient, admin: Headers, gate: Headers, security: Headers, person: str) -> None:
    give(client, admin, person)
    badge = encode(CardNumber(12, 54711), FORMAT)
    report = {"state": "closed", "badge": {"bits": badge.bits, "hex": badge.hex}}
    assert client.post(HEARTBEAT, headers=gate, json=report).status_code == 204
    event = client.get(f"/v1/events?gate={GATE}&limit=1", headers=security).json()["items"][0]
    assert (event["reason"], event["employee"]["number"]) == ("credential_accepted", "B-77")


def test_driver_reports_a_badge(system: System, client: TestClient, admin: Headers, person: str) -> None:
    give(client, admin, person, number="9-9")
    gate_id = system.gates.get(GATE).id
    system.gate_control.on_read(gate_id, encode(CardNumber(9, 9), FORMAT), system.clock())
    (event,) = system.events.find(EventFilter(gate=GATE, limit=1))
    assert event.reason == "credential_accepted" and event.decision is not None and event.decision.employee is not None


def test_unknown_badge_is_presented_and_given(client: TestClient, admin: Headers, gate: Headers, person: str) -> None:
    badge = encode(CardNumber(7, 99), FORMAT)
    report = {"state": "closed", "badge": {"bits": badge.bits, "hex": badge.hex.lower()}}
    assert client.post(HEARTBEAT, headers=gate, json=report).status_code == 204
    found = client.get(f"/v1/readers/{GATE}", headers=admin).json()
    unknown = found["unknown_badge"]
    assert (found["gate"], found["badge_format"]) == (GATE, "h10301")
    assert (unknown["bits"], unknown["hex"], unknown["numbers"]) == (26, badge.hex, {"h10301": "7-99"})
    by_gate = {one["gate"]: one for one in client.get("/v1/readers", headers=admin).json()["items"]}
    assert by_gate[GATE] == found and by_gate[OTHER_GATE]["unknown_badge"] is None
    body = {"employee": person, "gate": GATE, "card_format": "h10301"}
    assert client.post("/v1/credentials", headers=admin, json=body).json()["last_four"] == "99"
    assert client.get(f"/v1/readers/{GATE}", headers=admin).json()["unknown_badge"] is None
    problem(client.post("/v1/credentials", headers=admin, json=body), 404, code="no_unknown_badge")
    assert client.post(DECISIONS, headers=gate, json={"credential": badge.text}).json()["decision"] == "open"


def test_number_is_previewed(client: TestClient, admin: Headers, nothing_stored: Any) -> None:
    with nothing_stored():
        found = client.post(
            "/v1/credentials/preview", headers=admin, json={"number": "12-4711", "card_format": "h10301"}
        ).json()
    assert found == {"bits": 26, "hex": "860933C0", "numbers": {"h10301": "12-4711"}}
    wrong = client.post("/v1/credentials/preview", headers=admin, json={"number": "4711", "card_format": "h10301"})
    assert "12-4711" in problem(wrong, 400, code="bad_badge_number")["detail"]


def test_what_cannot_be_given_is_refused(client: TestClient, admin: Headers, person: str, ada: dict[str, Any]) -> None:
    give(client, admin, person)
    post = lambda **body: client.post("/v1/credentials", headers=admin, json={"employee": person, **body})  # noqa: E731
    problem(post(number="12-54711", card_format="h10301", employee=ada["id"]), 409, code="credential_taken")
    problem(post(number="nobody's", card_format="h10301"), 400, code="bad_badge_number")
    problem(post(number="26:00000000"), 400, code="bad_badge")
    problem(post(number="1-1", card_format="h10301", employee="nobody"), 404, code="unknown_employee")
    problem(post(gate="no-such-gate"), 404, code="unknown_gate")
    problem(post(), 422)
    problem(post(number="1-1", gate=GATE), 422)
    problem(post(number="1-1", card_format="barcode"), 422)
    problem(post(number="1" * 161), 422)


@pytest.mark.parametrize(
    ("badge", "status", "code"),
    [
        ({"bits": 513, "hex": "00"}, 422, None),
        ({"bits": 0, "hex": ""}, 422, None),
        ({"bits": 26, "hex": "0" * 129}, 422, None),
        ({"bits": 26}, 422, None),
        ({"bits": 26, "hex": "86"}, 400, "bad_badge"),
        ({"bits": 26, "hex": "860933C1"}, 400, "bad_badge"),
        ({"bits": 26, "hex": "zzzzzzzz"}, 400, "bad_badge"),
    ],
)
def test_report_of_no_badge_is_refused(
    client: TestClient, gate: Headers, nothing_stored: Any, badge: dict[str, Any], status: int, code: str | None
) -> None:
    with nothing_stored():
        answer = client.post(HEARTBEAT, headers=gate, json={"state": "closed", "badge": badge})
        problem(answer, status, **({} if code is None else {"code": code}))


def test_hardware_that_opens_by_itself_is_told_to_ask(
    client: TestClient, gate: Headers, system: System, nothing_stored: Any, person: str
) -> None:
    system.gate_settings.change(GATE, GateUpdate(driver=DriverKind.PLAIN))
    try:
        report = {"state": "closed", "badge": {"bits": 26, "hex": "860933C0"}}
        problem(client.post(HEARTBEAT, headers=gate, json=report), 409, code="gate_opens_itself")
    finally:
        system.gate_settings.change(GATE, GateUpdate(driver=DriverKind.DRY_RUN))


def test_pages_show_the_badge_and_no_more_than_its_end(
    client: TestClient, admin: Headers, gate: Headers, person: str, system: System
) -> None:
    give(client, admin, person)
    answer = client.post(DECISIONS, headers=gate, json={"credential": "12-54711"}).json()
    for path, words in (
        (f"/employees/{person}", "Badge ending 4711"),
        (f"/employees/{person}", "Credential accepted: badge ending 4711"),
        (f"/activity/{answer['decision_id']}", "ending 4711, 26 bits"),
        (f"/activity?gate={GATE}", "badge ending 4711"),
        (f"/gates/{system.gates.get(GATE).id}", "Its badge reader reads"),
    ):
        page = client.get(path, headers=admin_page(client, system)).text
        assert words in page and "54711" not in page, path


def admin_page(client: TestClient, system: System) -> Headers:
    return cookie(sign_in(system, Role.ADMIN))


def test_gate_asks_for_badge_and_face_by_mode(
    client: TestClient, admin: Headers, gate: Headers, system: System, ada: dict[str, Any]
) -> None:
    """With real faces: the holder's face opens, another one is a mismatch; and `badge_or_face` is the usual mode."""
    give(client, admin, ada["id"], number="32:00000ADA", card_format="raw")
    mode = {"gate": system.gates.get(GATE).id, "mode": "badge_and_face"}
    made = client.post("/v1/gate-modes", headers=admin, json=mode).json()
    try:
        body = client.post(DECISIONS, headers=gate, json={"credential": "32:00000ADA"}).json()
        assert (body["reason"], body["employee"]["number"]) == ("face_required", "E-1001")
        body = client.post(DECISIONS, headers=gate, files=photos(pictures.ADA[1], field="image")).json()
        assert (body["decision"], body["reason"], body["method"]) == ("open", "credential_accepted", "credential")
        assert body["candidates"] == 1 and body["similarity"] >= body["threshold"]
        files: list[Any] = [*photos(pictures.STRANGER, field="image"), ("credential", (None, "32:00000ADA"))]
        body = client.post(DECISIONS, headers=gate, files=files).json()
        assert (body["decision"], body["reason"]) == ("deny", "credential_mismatch")
        body = client.post(DECISIONS, headers=gate, files=photos(pictures.ADA[1], field="image")).json()
        assert (body["decision"], body["reason"]) == ("deny", "credential_required")
        address = f"/v1/gate-modes/{made['id']}"
        changed = client.patch(address, headers=admin, json={"mode": "badge_or_face"})
        assert changed.json()["mode"] == "normal"
        body = client.post(DECISIONS, headers=gate, files=photos(pictures.ADA[1], field="image")).json()
        assert body["decision"] == "open"
    finally:
        client.delete(f"/v1/gate-modes/{made['id']}", headers=admin)
        for one in client.get(f"/v1/credentials?employee={ada['id']}", headers=admin).json()["items"]:
            client.delete(f"/v1/credentials/{one['id']}", headers=admin)


def test_qr_pass_is_given_shown_read_and_taken_back(
    client: TestClient, admin: Headers, gate: Headers, security: Headers, person: str, system: System
) -> None:
    until = (system.clock() + timedelta(hours=1)).isoformat()
    body = {"employee": person, "kind": "qr", "ends_at": until}
    made = client.post("/v1/credentials", headers=admin, json=body).json()
    assert (made["kind"], made["once"], made["used_at"]) == ("qr", False, None)
    assert made["qr"].startswith("data:image/svg+xml")
    token = made["token"]
    listed = client.get(f"/v1/credentials?employee={person}", headers=admin).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]] and token not in str(listed)
    assert client.get(f"/v1/credentials/{made['id']}/pass", headers=admin).json() == made
    problem(client.get(f"/v1/credentials/{made['id']}/pass", headers=security), 403)
    body = client.post(DECISIONS, headers=gate, json={"credential": token}).json()
    assert (body["decision"], body["reason"], body["credential"]["kind"]) == ("open", "credential_accepted", "qr")
    assert client.post(HEARTBEAT, headers=gate, json={"state": "closed", "qr": token}).status_code == 204
    event = client.get(f"/v1/events?gate={GATE}&limit=1", headers=security).json()["items"][0]
    assert (event["reason"], event["credential"]["id"]) == ("credential_accepted", made["id"])
    page = client.get(f"/employees/{person}", headers=admin_page(client, system)).text
    assert f"QR pass ending {made['last_four']}" in page and token not in page
    shown = client.get(f"/passes/{made['id']}", headers=admin_page(client, system))
    assert shown.status_code == 200 and "data:image/svg+xml" in shown.text
    guard = client.get(f"/passes/{made['id']}", headers=cookie(sign_in(system, Role.SECURITY)))
    assert guard.status_code == 403 and "data:image" not in guard.text
    assert client.delete(f"/v1/credentials/{made['id']}", headers=admin).status_code == 204
    body = client.post(DECISIONS, headers=gate, json={"credential": token}).json()
    assert (body["decision"], body["reason"], body["credential"]["id"]) == ("deny", "credential_unknown", None)
    problem(client.post(DECISIONS, headers=gate, json={"credential": "FG1:" + "A" * 10_000_000}), 413)
    for sent in ({}, {"ends_at": until, "number": "12-1"}, {"ends_at": "2020-01-01T00:00:00Z"}):
        wrong = client.post("/v1/credentials", headers=admin, json={"employee": person, "kind": "qr", **sent})
        assert wrong.status_code in (400, 422), sent
