"""PINs over HTTP: issued and shown once, typed at a gate, alerts of duress, and what pages say of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.types import Role
from app.wiring import System
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, cookie, problem, sign_in

HEARTBEAT = f"/v1/gates/{GATE}/heartbeat"
BADGE = "32:00000BEA"


@pytest.fixture
def person(client: TestClient, admin: Headers, system: System) -> Iterator[str]:
    """Somebody with a badge and without a photo; the gate asks for badge and PIN."""
    made = client.post("/v1/employees", headers=admin, json={"number": "P-77", "name": "Bea"}).json()["id"]
    body = {"employee": made, "number": BADGE}
    assert client.post("/v1/credentials", headers=admin, json=body).status_code == 201
    mode = {"gate": system.gates.get(GATE).id, "mode": "badge_and_pin"}
    asked = client.post("/v1/gate-modes", headers=admin, json=mode).json()["id"]
    yield made
    client.delete(f"/v1/gate-modes/{asked}", headers=admin)
    client.delete(f"/v1/employees/{made}", headers=admin)


def issue(client: TestClient, admin: Headers, person: str, kind: str = "pin") -> dict[str, Any]:
    answer = client.post("/v1/credentials", headers=admin, json={"employee": person, "kind": kind})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_pin_is_shown_once_and_opens_with_the_badge(
    client: TestClient, admin: Headers, gate: Headers, security: Headers, person: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    made = issue(client, admin, person)
    pin = made.pop("pin")
    assert len(pin) == 6 and (made["kind"], made["last_four"], made["bits"]) == ("pin", "", 0)
    shown = client.get(f"/v1/credentials/{made['id']}", headers=admin).json()
    assert shown == made
    asked = client.post(DECISIONS, headers=gate, json={"credential": BADGE}).json()
    assert (asked["decision"], asked["reason"]) == ("deny", "pin_required")
    body = client.post(DECISIONS, headers=gate, json={"pin": pin, "pin_ms": 2100}).json()
    assert (body["decision"], body["reason"], body["credential"]["pin"]) == ("open", "credential_accepted", True)
    assert body["answers"] == asked["decision_id"] and body["request_digest"] is None
    files = [("credential", (None, BADGE)), ("pin", (None, pin)), ("pin_ms", (None, "900"))]
    assert client.post(DECISIONS, headers=gate, files=files).json()["decision"] == "open"
    event = client.get(f"/v1/events/{body['decision_id']}", headers=security).json()
    assert event["credential"] == body["credential"]
    assert client.get("/v1/audit/verify", headers=security).json()["valid"] is True
    assert pin not in caplog.text


def test_gate_reports_badge_and_pin_and_its_driver_opens(
    client: TestClient, admin: Headers, gate: Headers, security: Headers, person: str
) -> None:
    pin = issue(client, admin, person)["pin"]
    report = {"state": "closed", "badge": {"bits": 32, "hex": "00000BEA"}, "pin": pin}
    assert client.post(HEARTBEAT, headers=gate, json=report).status_code == 204
    newest, before = client.get(f"/v1/events?gate={GATE}", headers=security).json()["items"][:2]
    assert (before["reason"], newest["reason"]) == ("pin_required", "credential_accepted")


@pytest.mark.parametrize(
    "pin",
    [123456, "", "12345678901234", "12a456", "123", {"pin": 1}, ["123456"], "\uff11\uff12\uff13\uff14", "123456\n"],
)
def test_what_is_no_pin_is_refused_without_being_repeated(
    client: TestClient, gate: Headers, person: str, pin: object
) -> None:
    for path, body in ((DECISIONS, {"pin": pin, "credential": BADGE}), (HEARTBEAT, {"state": "closed", "pin": pin})):
        answer = client.post(path, headers=gate, json=body)
        assert answer.status_code in (400, 422), answer.text
        assert "123456" not in answer.text and "12a456" not in answer.text
    for bad in ({"pin": "123456", "pin_ms": -1}, {"pin": "123456", "pin_ms": 15_001}, {"pin": "123456", "pin_ms": "x"}):
        problem(client.post(DECISIONS, headers=gate, json=bad), 400, code="bad_pin")
    problem(client.post(DECISIONS, headers=gate, json={"pin": "123456", "from_camera": True}), 400, code="bad_json")


def test_pin_is_drawn_and_never_chosen(client: TestClient, admin: Headers, person: str) -> None:
    body = {"employee": person, "kind": "pin", "number": "123456"}
    assert client.post("/v1/credentials", headers=admin, json=body).status_code == 422
    duress = {"employee": person, "kind": "duress_pin"}
    problem(client.post("/v1/credentials", headers=admin, json=duress), 409, code="pin_first")


def test_duress_calls_guards_and_shows_on_no_wall(
    client: TestClient,
    admin: Headers,
    gate: Headers,
    security: Headers,
    display: Headers,
    person: str,
    system: System,
) -> None:
    issue(client, admin, person)
    duress = issue(client, admin, person, "duress_pin")["pin"]
    body = client.post(DECISIONS, headers=gate, json={"credential": BADGE, "pin": duress}).json()
    assert body["decision"] == "open" and "duress" not in str(body)
    items = client.get("/v1/alerts?kind=duress", headers=security).json()["items"]
    (alert,) = [one for one in items if one["event"] == body["decision_id"]]  # other tests raise some, too
    assert (alert["severity"], alert["gate"]) == ("critical", GATE)
    guard = cookie(sign_in(system, Role.SECURITY))
    for path in ("/v1/alerts", "/v1/alerts?kind=duress", "/alerts"):
        shown = client.get(path, headers=display).text
        assert body["decision_id"] not in shown and "typed" not in shown, path
    page = client.get("/alerts", headers=guard).text
    assert "Duress: somebody is forced to open" in page and f"/activity/{body['decision_id']}" in page
    event = client.get(f"/activity/{body['decision_id']}", headers=guard).text.partition('id="what"')[2]
    assert "confirmed it" in event and "uress" not in event.partition("</section>")[0]
    # A mistake in the same event can still be reported.
    report = client.post(f"/v1/events/{body['decision_id']}/report", headers=security, json={"comment": "not Bea"})
    assert report.status_code in (200, 201), report.text
    ids = [one["id"] for one in client.get("/v1/alerts", headers=security).json()["items"]]
    client.post("/v1/alerts/acknowledge", headers=security, json={"ids": ids, "comment": "seen"})


def test_person_page_tells_of_the_pin_and_not_of_its_digits(
    client: TestClient, admin: Headers, person: str, system: System
) -> None:
    signed_in = cookie(sign_in(system, Role.ADMIN))
    assert "No PIN." in client.get(f"/employees/{person}", headers=signed_in).text
    pins = [issue(client, admin, person)["pin"], issue(client, admin, person, "duress_pin")["pin"]]
    page = client.get(f"/employees/{person}", headers=signed_in).text
    assert "Duress PIN" in page and not any(pin in page for pin in pins)
    gate_page = client.get(f"/gates/{system.gates.get(GATE).id}", headers=signed_in).text
    assert "badge and PIN: the badge says who it is" in gate_page
