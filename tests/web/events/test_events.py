"""The log over HTTP: lists with every filter, one event, its picture, CSV that no spreadsheet runs, and the proof."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.core.canonical import moment
from app.core.types import Reason
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos, problem

MORE = {"sequence", "hash", "camera", "actor", "answers", "comment", "gate_result", "snapshot"} | {
    "credential",
    "passage",
    "anti_passback",
}


@pytest.fixture(scope="module")
def decided(client: TestClient, gate: Headers, other_gate: Headers, ada: Any) -> list[dict[str, Any]]:
    """Four answers, oldest first: open, two strangers, nobody at the other gate."""
    answers = [
        client.post(DECISIONS, headers=gate, files=photos(name, field="image")).json()
        for name in (pictures.ADA[1], pictures.STRANGER, pictures.STRANGER)
    ]
    jpeg = {**other_gate, "Content-Type": "image/jpeg"}
    return [*answers, client.post("/v1/gates/lobby-2/decisions", headers=jpeg, content=pictures.empty()).json()]


def ids(client: TestClient, key: Headers, **query: Any) -> list[str]:
    answer = client.get("/v1/events", headers=key, params=query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"items", "next"}
    return [event["decision_id"] for event in answer.json()["items"]]


def test_event_is_its_answer_and_more(client: TestClient, security: Headers, decided: list[dict[str, Any]]) -> None:
    for answer in decided:
        event = client.get(f"/v1/events/{answer['decision_id']}", headers=security).json()
        assert set(event) == set(answer) | MORE
        assert {name: event[name] for name in answer} == answer
        assert event["sequence"] == answer["checkpoint"]["sequence"]
        assert event["hash"] == answer["checkpoint"]["hash"]
        assert event["snapshot"] is True
        listed = client.get("/v1/events", headers=security, params={"limit": 200}).json()["items"]
        assert event in listed
    problem(client.get("/v1/events/01M00000000000000000000000", headers=security), 404, code="unknown_event")


def test_newest_first_by_every_filter(
    client: TestClient, security: Headers, decided: list[dict[str, Any]], ada: dict[str, Any]
) -> None:
    opened, first, second, elsewhere = (answer["decision_id"] for answer in decided)
    span = {"from": decided[0]["at"]}
    assert ids(client, security, **span) == [elsewhere, second, first, opened]
    assert ids(client, security, **span, gate="lobby-1") == [second, first, opened]
    assert (
        ids(client, security, **span, decision="open") == ids(client, security, **span, employee=ada["id"]) == [opened]
    )
    assert ids(client, security, **span, reason="not_recognised") == [second, first]
    assert ids(client, security, **span, to=decided[0]["at"]) == []
    assert ids(client, security, gate="nowhere") == ids(client, security, employee="nobody") == []
    assert ids(client, security, **span, gate="lobby-1", decision="deny", reason="no_face") == []


def test_pages_hold_every_event_once(client: TestClient, security: Headers, decided: Any) -> None:
    span = {"from": decided[0]["at"]}
    whole = ids(client, security, **span, limit=200)
    seen: list[str] = []
    query: dict[str, Any] = {**span, "limit": 2}
    while True:
        page = client.get("/v1/events", headers=security, params=query).json()
        seen += [event["decision_id"] for event in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(whole) >= 4 and seen == whole and len(whole) == len(set(whole))


def test_picture_of_an_event(client: TestClient, security: Headers, decided: list[dict[str, Any]]) -> None:
    answer = client.get(f"/v1/events/{decided[0]['decision_id']}/snapshot", headers=security)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg" and answer.content[:3] == b"\xff\xd8\xff"
    assert answer.headers["cache-control"] == "no-store"
    problem(client.get("/v1/events/none/snapshot", headers=security), 404, code="unknown_event")


def test_csv(client: TestClient, security: Headers, decided: list[dict[str, Any]]) -> None:
    query = {"from": decided[0]["at"], "gate": "lobby-1"}
    answer = client.get("/v1/events.csv", headers=security, params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["decision_id"] for row in rows] == [a["decision_id"] for a in reversed(decided[:3])]
    assert (rows[-1]["number"], rows[-1]["name"], rows[-1]["decision"]) == ("E-1001", "Ada Lovelace", "open")
    assert (rows[0]["name"], rows[0]["reason"]) == ("", "not_recognised")
    assert all(Reason(row["reason"]) for row in rows)
    assert [datetime.fromisoformat(row["at"]) for row in rows] == [moment(a["at"]) for a in reversed(decided[:3])]


def test_time_in_the_csv_is_on_the_gates_clock(
    client: TestClient, security: Headers, decided: list[dict[str, Any]], in_zone: Callable[[str], None]
) -> None:
    in_zone("Asia/Kolkata")
    text = client.get("/v1/events.csv", headers=security, params={"gate": "lobby-1"}).text
    (at, *_) = [row["at"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30", at)


def test_name_does_not_run_in_a_spreadsheet(
    client: TestClient, admin: Headers, gate: Headers, newcomer: dict[str, Any]
) -> None:
    address = f"/v1/employees/{newcomer['id']}"
    name = '=HYPERLINK("http://x","y")'
    assert client.patch(address, headers=admin, json={"name": name, "number": "+1"}).status_code == 200
    client.post(f"{address}/photos", headers=admin, files=photos(*pictures.BOB))
    answer = client.post(DECISIONS, headers=gate, files=photos(*pictures.BOB, field="image")).json()
    assert answer["employee"]["name"] == name
    text = client.get("/v1/events.csv", headers=admin, params={"employee": newcomer["id"]}).text
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert (row["name"], row["number"]) == (f"'{name}", "'+1")


def test_log_verifies_and_names_its_heads(client: TestClient, security: Headers, decided: Any) -> None:
    report = client.get("/v1/audit/verify", headers=security).json()
    assert set(report) == {"valid", "gates", "first_bad"}
    assert (report["valid"], report["first_bad"]) == (True, None)
    newest = client.get("/v1/events", headers=security, params={"gate": "lobby-1", "limit": 1}).json()["items"][0]
    assert report["gates"]["lobby-1"] == {"events": newest["sequence"], "head": newest["hash"]}
