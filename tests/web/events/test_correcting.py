"""Corrections and reports over HTTP: who may say, take back and decide, and what the pages show of it."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from app.core.types import Role
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, cookie, problem, sign_in


def opened(ask: Any) -> str:
    """The id of an event that names Ada. On a busy machine a picture may be too old before it is decided."""
    answers = (ask(pictures.small(pictures.ADA[1], size)).json() for size in range(480, 500))
    return next(str(answer["decision_id"]) for answer in answers if answer["employee"])


def test_correction_is_made_taken_back_and_decided(
    client: TestClient, system: System, admin: Headers, security: Headers, ada: Any, ask: Any
) -> None:
    event = opened(ask)
    path = f"/v1/events/{event}/corrections"
    made = client.post(path, headers=security, json={"kind": "not_this_person"})
    assert made.status_code == 201 and made.json()["settled"] is None
    assert client.post(path, headers=security, json={"kind": "not_this_person"}).json() == made.json()
    for kind in ("withdrawn", "accepted", "dismissed"):
        problem(client.post(path, headers=admin, json={"kind": kind}), 422)
    one = f"{path}/{made.json()['id']}"
    for step in ("accept", "dismiss"):
        problem(client.post(f"{one}/{step}", headers=security, json={}), 403, code="wrong_role")
    problem(client.get("/v1/corrections", headers=security), 403, code="wrong_role")
    assert client.get("/v1/corrections", headers=admin).json()["items"][0]["id"] == made.json()["id"]
    taken = client.post(f"{one}/withdraw", headers=security).json()
    assert taken["settled"]["kind"] == "withdrawn"
    problem(client.post(f"{one}/withdraw", headers=security), 409, code="already_in_that_state")
    problem(client.post(f"{path}/nothing/withdraw", headers=security), 404, code="unknown_correction")
    again = client.post(path, headers=admin, json={"kind": "not_this_person"}).json()
    problem(client.post(f"{path}/{again['id']}/withdraw", headers=security), 403, code="not_your_correction")
    decided = client.post(f"{path}/{again['id']}/dismiss", headers=admin, json={"comment": "it is her"}).json()
    assert (decided["settled"]["kind"], decided["settled"]["comment"]) == ("dismissed", "it is her")
    assert [each["settled"]["kind"] for each in client.get(path, headers=security).json()["items"]] == [
        "withdrawn",
        "dismissed",
    ]
    assert event not in {each["event_id"] for each in client.get("/v1/corrections", headers=admin).json()["items"]}


@pytest.mark.parametrize(("column", "said"), [("snapshot", "At the gate"), ("payload", "was altered")])
def test_altered_record_keeps_nobody_from_the_inbox(
    client: TestClient, system: System, security: Headers, ada: Any, ask: Any, column: str, said: str
) -> None:
    event = opened(ask)
    path = f"/v1/events/{event}/corrections"
    made = client.post(path, headers=security, json={"kind": "not_this_person"}).json()
    admin = cookie(sign_in(system, Role.ADMIN))
    with closing(sqlite3.connect(system.settings.data / "facegate.db", isolation_level=None)) as database:
        find, put = (
            f"{start} WHERE id = '{event}'"
            for start in (f"SELECT sealed_{column} FROM events", f"UPDATE events SET sealed_{column} = ?")
        )
        (sealed,) = database.execute(find).fetchone()
        database.execute(put, (sealed[:-1] + bytes([sealed[-1] ^ 1]),))
        try:
            inbox = client.get("/alerts/corrections", headers=admin)
            page = client.get(f"/activity/{event}", headers=admin)
        finally:
            database.execute(put, (sealed,))
    assert inbox.status_code == 200 and said in inbox.text and f'value="{made["id"]}"' in inbox.text
    if column == "snapshot":
        assert page.status_code == 200 and "somebody altered it" in page.text
    assert client.post(f"{path}/{made['id']}/withdraw", headers=security).status_code == 200


def test_open_corrections_come_in_pages(
    client: TestClient, admin: Headers, security: Headers, ada: Any, ask: Any
) -> None:
    event = opened(ask)
    path = f"/v1/events/{event}/corrections"
    other = client.post("/v1/employees", headers=admin, json={"number": "C-9", "name": "Grace Hopper"}).json()["id"]
    said: list[dict[str, Any]] = [{"kind": "not_this_person"}, {"kind": "was", "employee": other}]
    made = [client.post(path, headers=security, json=one).json()["id"] for one in said]
    first = client.get("/v1/corrections", headers=admin, params={"limit": 1}).json()
    assert [one["id"] for one in first["items"]] == [made[1]]
    second = client.get("/v1/corrections", headers=admin, params={"limit": 1, "cursor": first["next"]}).json()
    assert [one["id"] for one in second["items"]] == [made[0]]
    problem(client.get("/v1/corrections", headers=admin, params={"cursor": "x"}), 400, code="bad_cursor")
    for one in made:
        client.post(f"{path}/{one}/withdraw", headers=security)
    client.delete(f"/v1/employees/{other}", headers=admin)


def test_mistake_is_reported_once(
    client: TestClient, admin: Headers, security: Headers, gate: Headers, ask: Any
) -> None:
    event = ask(pictures.empty()).json()["decision_id"]
    path, said = f"/v1/events/{event}/report", {"comment": "the camera is dirty"}
    problem(client.post(path, headers=gate, json=said), 403, code="wrong_role")
    problem(client.post(path, headers=security, json={}), 422)
    problem(client.post("/v1/events/nothing/report", headers=security, json=said), 404, code="unknown_event")
    alert = client.post(path, headers=security, json=said)
    assert alert.status_code == 201
    assert (alert.json()["kind"], alert.json()["event"], alert.json()["detail"]) == ("reported", event, said["comment"])
    problem(client.post(path, headers=admin, json=said), 409, code="already_reported")
    (listed,) = client.get("/v1/alerts", headers=admin, params={"kind": "reported"}).json()["items"]
    assert listed == alert.json() and listed["reported_by"]
    done = client.post(f"/v1/alerts/{listed['id']}/acknowledge", headers=admin, json={"comment": "cleaned"})
    assert done.status_code == 200


def test_inbox_is_counted_for_admins_and_takes_no_second_decision(
    client: TestClient, system: System, security: Headers, ada: Any, ask: Any
) -> None:
    event = opened(ask)
    made = client.post(f"/v1/events/{event}/corrections", headers=security, json={"kind": "not_this_person"}).json()
    signed_in = sign_in(system, Role.ADMIN)
    page = client.get("/alerts/corrections", headers=cookie(signed_in))
    assert "to decide</span>" in page.text and "This was not Ada" in page.text
    guard = cookie(sign_in(system, Role.SECURITY))
    assert client.get("/alerts/corrections", headers=guard).status_code == 403
    assert "to decide" not in client.get("/alerts", headers=guard).text
    form = {"event": event, "correction": made["id"], "decision": "accept"}
    wrong = client.post("/alerts/corrections", headers=cookie(signed_in), data=form | {"note": "a\u0000b"})
    assert wrong.status_code == 400 and "aria-invalid" in wrong.text
    done = client.post("/alerts/corrections", headers=cookie(signed_in), data=form, follow_redirects=False)
    assert done.status_code == 303
    again = client.post("/alerts/corrections", headers=cookie(signed_in), data=form)
    assert again.status_code == 400 and "accepted already" in again.text
