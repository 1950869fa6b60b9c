"""Every change by a person or key has an entry: who, from where, what before and after. Nothing of it names people."""

import csv
import io
from typing import Any

import pytest

from app.core.accounts.trail import AtWork, TrailFilter, working
from app.core.types import Role
from app.web.edge.at_work import QUIET
from app.wiring import System, new_id
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, cookie, problem, sign_in

Entry = dict[str, Any]


@pytest.fixture
def newest(client: TestClient, admin: Headers) -> Any:
    """The entries of what the block did, oldest first."""

    def find(last: str | None = None, **query: Any) -> list[Entry]:
        answer = client.get("/v1/audit-trail", headers=admin, params={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        found = [entry for entry in answer.json()["items"] if last is None or entry["id"] > last]
        return found[::-1]

    return find


@pytest.fixture
def last(system: System) -> str:
    found = system.trail.find(TrailFilter(limit=1))
    return found[0].id if found else ""


def of(entry: Entry) -> tuple[str, str, str]:
    return entry["action"], entry["kind"], entry["label"]


def steps(found: list[Entry]) -> list[dict[str, Entry]]:
    """The entries of each call, by kind. Those of one call may come in any order."""
    calls: list[dict[str, Entry]] = []
    for entry in found:
        way = next(iter(calls[-1].values()))["way"] if calls else ""
        if way != entry["way"] or entry["kind"] in calls[-1] or entry["action"] == "called":
            calls.append({})
        calls[-1][entry["kind"]] = entry
    return calls


def values(entry: Entry) -> dict[str, tuple[Any, Any]]:
    return {field["name"]: (field["before"], field["after"]) for field in entry["fields"]}


def test_change_of_a_gate_says_who_from_where_and_what_before_and_after(
    client: TestClient, system: System, newest: Any, last: str
) -> None:
    headers = cookie(sign_in(system, Role.ADMIN))
    assert client.post("/v1/gates", headers=headers, json={"name": "trail-1"}).status_code == 201
    assert client.patch("/v1/gates/trail-1", headers=headers, json={"unlock_ms": 700}).status_code == 200
    assert client.patch("/v1/gates/trail-1", headers=headers, json={"unlock_ms": 700}).status_code == 200
    assert client.delete("/v1/gates/trail-1", headers=headers).status_code == 204
    first, changed, nothing, end = steps(newest(last))
    added, place = first["gate"], first["gate_place"]
    assert of(added) == ("added", "gate", "trail-1") and values(added)["unlock_ms"] == (None, 5000)
    assert place["kind"] == "gate_place" and place["subject"] == added["subject"]
    (changed,), (nothing,) = changed.values(), nothing.values()
    assert of(changed) == ("changed", "gate", "trail-1") and values(changed) == {"unlock_ms": (5000, 700)}
    assert changed["way"] == "PATCH /v1/gates/{gate}" and changed["address"] == "testclient"
    assert changed["by"] in {user.name for user in system.accounts.users.all()}
    assert (nothing["action"], nothing["label"]) == ("called", "trail-1"), "an order that changed nothing shows too"
    assert of(end["gate"]) == ("removed", "gate", "trail-1")


def test_entry_of_a_person_holds_no_name_and_outlives_them(
    client: TestClient, admin: Headers, newest: Any, last: str
) -> None:
    secret = {"name": "Zenobia Quill", "number": "E-4711-trail", "email": "zq@example.org"}
    made = client.post("/v1/employees", headers=admin, json=secret)
    assert made.status_code == 201, made.text
    person = made.json()["id"]
    renamed = client.patch(f"/v1/employees/{person}", headers=admin, json={"name": "Zenobia Vane"})
    assert renamed.status_code == 200
    photo = {"photo": ("a.jpg", pictures.small(pictures.STRANGER, 480), "image/jpeg")}
    assert client.post(f"/v1/employees/{person}/photos", headers=admin, files=photo).status_code == 200
    (kept,) = client.get(f"/v1/employees/{person}/photos", headers=admin).json()["items"]
    for _ in range(3):
        assert client.get(f"/v1/employees/{person}/photos/{kept['id']}", headers=admin).status_code == 200
    blocked = client.post(f"/v1/employees/{person}/block", headers=admin, json={"reason": "lost the plot"})
    assert blocked.status_code in (200, 204), blocked.text
    assert client.delete(f"/v1/employees/{person}", headers=admin).status_code == 200
    *found, one, other, third = newest(last, person=person)
    end = (one, other, third)
    assert [(one["action"], one["kind"]) for one in found] == [
        ("added", "person"),
        ("changed", "person"),
        ("added", "photo"),
        ("seen", "photos"),
        ("changed", "person"),
    ]
    erased = {("removed", "person"), ("added", "erasure"), ("added", "erasure_certificate")}
    assert {(one["action"], one["kind"]) for one in end} == erased
    hidden = [field["name"] for field in found[1]["fields"] if not field["kept"]]
    assert hidden == ["name"]
    text = client.get("/v1/audit-trail", headers=admin, params={"limit": 200}).text
    for words in ("Zenobia", "Vane", "4711-trail", "zq@example", "lost the plot"):
        assert words not in text


def test_secrets_stay_out(client: TestClient, admin: Headers, newest: Any, last: str) -> None:
    key = client.post("/v1/keys", headers=admin, json={"role": "admin", "name": "of the trail"}).json()
    camera = {"name": "trail-cam", "gate": GATE, "url": "rtsp://10.0.5.7/1", "user": "guard", "password": "hunter2"}
    assert client.post("/v1/cameras", headers=admin, json=camera).status_code == 201
    moved = client.patch("/v1/cameras/trail-cam", headers=admin, json={"user": "guard", "password": "hunter3"})
    assert moved.status_code == 200
    assert client.delete("/v1/cameras/trail-cam", headers=admin).status_code == 204
    assert client.delete(f"/v1/keys/{key['id']}", headers=admin).status_code == 204
    found = newest(last)
    assert [of(one)[:2] for one in found] == [
        ("added", "key"), ("added", "camera"), ("changed", "camera"), ("removed", "camera"), ("changed", "key"),
    ]  # fmt: skip
    assert found[2]["fields"] == [{"name": "sealed_url", "before": None, "after": None, "kept": False}]
    text = str(found)
    assert "hunter" not in text and key["key"] not in text and key["key"].rpartition("_")[2][:12] not in text


def test_refused_call_and_what_devices_ask_leave_no_entry(
    client: TestClient, admin: Headers, gate: Headers, newest: Any, last: str
) -> None:
    problem(client.post("/v1/gates", headers=admin, json={"name": GATE}), 409)
    problem(client.patch("/v1/gates/nowhere", headers=admin, json={"unlock_ms": 700}), 404)
    assert client.post(f"/v1/gates/{GATE}/heartbeat", headers=gate, json={"state": "closed"}).status_code == 204
    image = {"image": ("a.jpg", pictures.small(pictures.ADA[0], 320), "image/jpeg")}
    assert client.post(DECISIONS, headers=gate, files=image).status_code == 200
    assert (
        client.post(
            "/v1/rules/diff",
            headers=admin,
            json={"changes": [{"kind": "groups", "action": "create", "body": {"name": "never"}}]},
        ).status_code
        == 200
    )
    assert newest(last) == []


def test_file_that_is_taken_away_and_a_command_have_an_entry(
    client: TestClient, admin: Headers, system: System, newest: Any, last: str
) -> None:
    assert client.get("/v1/events.csv", headers=admin).status_code == 200
    assert client.get("/v1/muster.csv", headers=admin).status_code == 200
    with working(AtWork(system.clock, new_id, "root", lambda: "keys create")):
        system.keys.create(Role.SECURITY, name="by a command")
    lines = list(csv.DictReader(io.StringIO(client.get("/v1/audit-trail.csv", headers=admin).text)))
    assert [of(one)[:2] for one in newest(last)] == [
        ("exported", "events"), ("exported", "muster"), ("added", "key"), ("exported", "audit_trail"),
    ]  # fmt: skip
    by_command = next(line for line in lines if line["label"] == "by a command")
    assert (by_command["by"], by_command["address"], by_command["way"]) == ("", "root", "keys create")


def test_trail_is_for_admins_pages_and_filters(
    client: TestClient, admin: Headers, security: Headers, viewer: Headers, newest: Any, last: str
) -> None:
    for who in (security, viewer):
        problem(client.get("/v1/audit-trail", headers=who), 403)
    for name in ("trail-a", "trail-b"):
        assert client.post("/v1/groups", headers=admin, json={"name": name}).status_code == 201
    page = client.get("/v1/audit-trail", headers=admin, params={"kind": "group", "limit": 1}).json()
    rest = client.get("/v1/audit-trail", headers=admin, params={"kind": "group", "cursor": page["next"]}).json()
    assert [one["label"] for one in [*page["items"], *rest["items"][:1]]] == ["trail-b", "trail-a"]
    (one,) = newest(last, subject=page["items"][0]["subject"])
    assert of(one) == ("added", "group", "trail-b")
    assert newest(last, action="removed") == []
    assert newest(last, to=page["items"][0]["at"]) != newest(last)
    problem(client.get("/v1/audit-trail", headers=admin, params={"cursor": "x'; DROP TABLE trail"}), 400)
    for entry in newest(last):
        assert client.delete(f"/v1/groups/{entry['subject']}", headers=admin).status_code == 204


def test_routes_that_only_answer_are_routes(client: TestClient) -> None:
    """Every other successful call of a person in all of these tests is checked where it is made: see conftest.py."""
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    writing = {path for path, calls in paths.items() if calls.keys() - {"get", "head"}}
    assert {path for path in QUIET if path.startswith("/v1/")} <= writing
    assert len(writing - QUIET) > 60
