"""Unknown faces: off until an admin turns them on; named by the checks of an enrolment; gone when turned off."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.events.corrections import CorrectionKind
from app.core.people.details import Details
from app.core.types import Role
from app.services.access import unknown_faces
from app.wiring import System
from tests import pictures
from tests.waiting import eventually
from tests.web.conftest import DECISIONS, Headers, TestClient, cookie, problem, sign_in

RECENT, ASSIGN = "/v1/unknown-faces", "/v1/unknown-faces/assign"


@pytest.fixture
def on(client: TestClient, admin: Headers, system: System) -> Iterator[None]:
    client.patch("/v1/settings", headers=admin, json={"unknown_faces": True})
    yield
    client.patch("/v1/settings", headers=admin, json={"unknown_faces": False})
    assert not system.unknown_faces._seen, "turning it off drops what was read"


@pytest.fixture
def refused(client: TestClient, gate: Headers) -> list[str]:
    """Attempts of somebody whom no gate knows, near and a little farther."""
    headers = {**gate, "Content-Type": "image/jpeg"}
    found = []
    for width in (640, 600):
        for _ in range(5):
            picture = pictures.small("biden", width)
            answer = client.post(DECISIONS, headers=headers, content=picture).json()
            if answer["reason"] != "stale_frame":  # on a machine that is busy with other things
                break
        assert answer["reason"] == "not_recognised"
        found.append(answer["decision_id"])
    return found


def read(client: TestClient, admin: Headers) -> dict[str, Any]:
    """Them once every picture was looked at."""
    eventually(lambda: client.get(RECENT, headers=admin).json()["unread"] == 0, "the pictures", seconds=180)
    return dict(client.get(RECENT, headers=admin).json())


def test_off_unless_turned_on_and_for_admins_alone(
    client: TestClient, admin: Headers, security: Headers, system: System
) -> None:
    problem(client.get(RECENT, headers=admin), 409, code="unknown_faces_off")
    problem(client.post(ASSIGN, headers=admin, json={"employee": "x", "events": ["y"]}), 409, code="unknown_faces_off")
    problem(client.get(RECENT, headers=security), 403)
    page = client.get("/employees/unknown", headers=cookie(sign_in(system, Role.ADMIN))).text
    assert "Turn on" in page and "/pictures/1" not in page
    assert client.get("/employees/unknown", headers=cookie(sign_in(system, Role.SECURITY))).status_code == 403


def test_somebody_is_named_and_known_from_then_on(
    on: None, refused: list[str], client: TestClient, admin: Headers, gate: Headers, system: System
) -> None:
    def group_of(event: str) -> dict[str, Any] | None:
        groups = read(client, admin)["groups"]
        return next((g for g in groups if event in [face["event"] for face in g["faces"]]), None)

    first, second = (group_of(event) for event in refused)
    assert first is not None and second is not None
    assert first == second, "both pictures show one person"
    twin = system.enrolment.add(Details("U-1", "Unknown No Longer"))
    answer = client.post(ASSIGN, headers=admin, json={"employee": twin.id, "events": refused}).json()
    assert [photo["accepted"] for photo in answer["photos"]] == [True, True], answer
    assert group_of(refused[0]) is None
    corrections = [one.employee for event in refused for one in system.corrections.of(event)]
    assert [one and one.id for one in corrections] == [twin.id] * 2
    settled = [one.settled and one.settled.kind for event in refused for one in system.corrections.of(event)]
    assert settled == ["accepted"] * 2, "an admin said it, so nobody need decide"
    again = client.post(ASSIGN, headers=admin, json={"employee": twin.id, "events": refused})
    problem(again, 400, code="not_unknown")
    assert client.get(f"/v1/employees/{twin.id}", headers=admin).json()["photos"] == 2
    # An erasure takes the pictures along.
    system.erasure.erase(twin.id)
    assert client.get(f"/v1/events/{refused[0]}/snapshot", headers=admin).status_code == 404
    assert group_of(refused[0]) is None


class Forgets(dict[str, Any]):
    """What was read of pictures, forgotten by another thread as soon as somebody looks."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found


def test_faces_are_named_while_what_was_read_of_them_is_forgotten(
    on: None, refused: list[str], client: TestClient, admin: Headers, system: System
) -> None:
    read(client, admin)
    twin = system.enrolment.add(Details("U-3", "Unknown For A Moment"))
    system.unknown_faces._seen = Forgets(system.unknown_faces._seen)
    answer = client.post(ASSIGN, headers=admin, json={"employee": twin.id, "events": refused})
    system.unknown_faces._seen = {}
    system.erasure.erase(twin.id)
    assert answer.status_code == 200, answer.text


def test_checks_of_an_enrolment_refuse_another_person(
    on: None, refused: list[str], client: TestClient, admin: Headers, ada: dict[str, Any], system: System
) -> None:
    read(client, admin)
    answer = client.post(ASSIGN, headers=admin, json={"employee": ada["id"], "events": refused[:1]}).json()
    assert [photo["problems"] for photo in answer["photos"]] == [["not_same_person"]]
    assert system.corrections.of(refused[0]) == []
    problem(client.post(ASSIGN, headers=admin, json={"employee": "nobody", "events": refused}), 404)
    problem(client.post(ASSIGN, headers=admin, json={"employee": ada["id"], "events": ["nothing"]}), 400)
    problem(client.post(ASSIGN, headers=admin, json={"employee": ada["id"], "events": []}), 422)


def test_face_whose_naming_was_withdrawn_is_shown_again(
    on: None, refused: list[str], client: TestClient, admin: Headers, system: System
) -> None:
    def shown() -> set[str]:
        return {face["event"] for group in read(client, admin)["groups"] for face in group["faces"]}

    somebody = system.enrolment.add(Details("U-2", "Mistaken For Them"))
    said = system.corrections.add(refused[0], CorrectionKind.WAS, somebody.id, "user-7")
    assert shown().isdisjoint(refused[:1])
    system.corrections.withdraw(refused[0], said.id, "user-7", admin=False)
    assert shown() >= {refused[0]}
    system.erasure.erase(somebody.id)


def test_older_than_three_days_is_not_shown(
    on: None, refused: list[str], client: TestClient, admin: Headers, monkeypatch: pytest.MonkeyPatch, system: System
) -> None:
    assert read(client, admin)["groups"]
    monkeypatch.setattr(unknown_faces, "SHOWN_FOR", timedelta(0))
    assert client.get(RECENT, headers=admin).json() == {"groups": [], "unread": 0, "unusable": 0}
    assert not system.unknown_faces._seen
