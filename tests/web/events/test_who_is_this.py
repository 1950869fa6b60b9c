"""Guards look people up: by name, and by the picture that a gate kept. They see no more than they need at a gate."""

from typing import Any

from app.core.types import Role
from app.wiring import System
from tests import pictures
from tests.web.conftest import GATE, Headers, TestClient, cookie, problem, sign_in


def test_guard_finds_a_person_with_status_and_why_and_no_more(
    client: TestClient, system: System, admin: Headers, ada: Any
) -> None:
    guard = cookie(sign_in(system, Role.SECURITY))
    path = f"/v1/employees/{ada['id']}"
    try:
        client.patch(path, headers=admin, json={"status": "inactive"})
        (found,) = client.get("/live/people", headers=guard, params={"q": ada["name"], "gate": GATE}).json()["people"]
        assert set(found) == {"id", "name", "status", "photo", "may_pass", "why"}
        assert (found["name"], found["status"], found["may_pass"]) == (ada["name"], "inactive", False)
        assert found["why"] == f"{ada['name']} is suspended."
    finally:
        client.patch(path, headers=admin, json={"status": "active"})
    (found,) = client.get("/live/people", headers=guard, params={"q": ada["name"], "gate": GATE}).json()["people"]
    assert found["may_pass"] and found["photo"] and GATE in found["why"]
    portrait = client.get(f"/portraits/{ada['id']}", headers=guard)
    assert portrait.headers["content-type"] == "image/jpeg"
    known = {**guard, "If-None-Match": portrait.headers["etag"]}
    assert client.get(f"/portraits/{ada['id']}", headers=known).status_code == 304


def test_nearest_people_come_with_their_similarity(client: TestClient, system: System, ada: Any, ask: Any) -> None:
    guard = cookie(sign_in(system, Role.SECURITY))
    seen, empty = ask(pictures.small(pictures.ADA[1])).json(), ask(pictures.empty()).json()
    people = client.get(f"/live/{seen['decision_id']}/nearest", headers=guard).json()["people"]
    assert people[0]["name"] == ada["name"] and people[0]["similarity"] >= people[0]["threshold"]
    assert len(people) <= 3
    problem(client.get(f"/live/{empty['decision_id']}/nearest", headers=guard), 400, code="no_face")
    problem(client.get("/live/none/nearest", headers=guard), 404, code="unknown_event")


def test_viewers_and_screens_look_nobody_up(client: TestClient, system: System, ada: Any, ask: Any) -> None:
    event = ask(pictures.small(pictures.ADA[1])).json()["decision_id"]
    viewer = {**cookie(sign_in(system, Role.VIEWER)), "Accept": "application/json"}
    for path in (f"/live/people?q=ada&gate={GATE}", f"/live/{event}/nearest"):
        assert client.get(path, headers=viewer).status_code == 403
        assert client.get(path).status_code == 303
