"""An admin makes photos of an employee out of what a gate saw: opt-in, and with the checks of every photo."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.types import Role
from app.settings import read_settings
from app.web.app import create_app
from app.wiring import System, open_system
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, bearer, photos, problem


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """An installation whose operator allows it."""
    folder = tmp_path_factory.mktemp("allowed")
    # Not stale on a busy machine either.
    wanted = {"precision": "f32", "workers": 1, "max_frame_age_ms": 30_000, "enrol_from_gate": True}
    wanted["replayed_picture"] = "alert"  # the same portraits come again
    system = open_system(read_settings(folder, **wanted))
    system.gates.add(GATE)
    yield system
    system.close()


@pytest.fixture(scope="module")
def door(allowed: System) -> Iterator[TestClient]:
    with TestClient(create_app(allowed), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def chief(allowed: System) -> Headers:
    return bearer(allowed.keys.create(Role.ADMIN)[0])


@pytest.fixture(scope="module")
def hardware(allowed: System) -> Headers:
    return bearer(allowed.keys.create(Role.GATE, GATE)[0])


def approach(door: TestClient, hardware: Headers, *names: str) -> dict[str, Any]:
    answer = door.post(DECISIONS, headers=hardware, files=photos(*names, field="image"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def employ(door: TestClient, chief: Headers, number: str) -> str:
    answer = door.post("/v1/employees", headers=chief, json={"number": number, "name": f"Employee {number}"})
    return str(answer.json()["id"])


def test_denied_person_is_enrolled_with_the_gates_pictures(door: TestClient, chief: Headers, hardware: Headers) -> None:
    # Given three frames of somebody whom nobody knows,
    seen = approach(door, hardware, pictures.ADA[0], pictures.ADA[1], pictures.ADA[0])
    assert seen["reason"] == "not_recognised"
    url = f"/v1/events/{seen['decision_id']}"
    listed = door.get(f"{url}/pictures", headers=chief).json()["items"]
    assert [each["number"] for each in listed] == [1, 2, 3]
    kept = [door.get(f"{url}/pictures/{n}", headers=chief) for n in (1, 2, 3)]
    assert [k.headers["content-type"] for k in kept] == ["image/jpeg"] * 3
    assert [len(k.content) for k in kept] == [each["size"] for each in listed]
    assert door.get(f"{url}/snapshot", headers=chief).content == kept[0].content
    problem(door.get(f"{url}/pictures/4", headers=chief), 404, code="no_picture")

    # when two of them become photos of an employee,
    employee = employ(door, chief, "E-1")
    body = {"pictures": [{"event": seen["decision_id"], "number": n} for n in (1, 2)]}
    answer = door.post(f"/v1/employees/{employee}/photos/from-events", headers=chief, json=body)
    assert answer.status_code == 200 and [p["accepted"] for p in answer.json()["photos"]] == [True, True], answer.text

    # then the next approach opens, and the log is whole.
    assert approach(door, hardware, pictures.ADA[0])["decision"] == "open"
    assert door.get("/v1/audit/verify", headers=chief).json()["valid"]


def test_usual_photo_checks_apply(door: TestClient, chief: Headers, hardware: Headers) -> None:
    seen = approach(door, hardware, pictures.BOB[0], pictures.STRANGER)
    hers, his = employ(door, chief, "E-2"), employ(door, chief, "E-3")

    def enrol(employee: str, **body: Any) -> list[dict[str, Any]]:
        answer = door.post(f"/v1/employees/{employee}/photos/from-events", headers=chief, json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["photos"])

    assert enrol(hers, events=[seen["decision_id"]])[0]["accepted"]
    (twin,) = enrol(his, pictures=[{"event": seen["decision_id"], "number": 1}])
    assert twin["problems"] == ["already_enrolled_as"]
    (other,) = enrol(hers, pictures=[{"event": seen["decision_id"], "number": 2}])
    assert other["problems"] == ["not_same_person"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": [], "pictures": []},
        {"events": ["x"] * 6, "pictures": [{"event": "x"}] * 5},
    ],
)
def test_one_to_ten_pictures_are_named(door: TestClient, chief: Headers, body: Any) -> None:
    employee = employ(door, chief, f"N-{len(str(body))}")
    answer = door.post(f"/v1/employees/{employee}/photos/from-events", headers=chief, json=body)
    problem(answer, 422, code="malformed_request")
    assert "1 to 10 pictures" in answer.json()["detail"]


def test_enrolment_at_the_gate_is_off_by_default(
    client: TestClient, admin: Headers, gate: Headers, ada: dict[str, Any]
) -> None:
    seen = client.post(DECISIONS, headers=gate, files=photos(*pictures.ADA, field="image")).json()
    url = f"/v1/events/{seen['decision_id']}/pictures"
    assert [each["number"] for each in client.get(url, headers=admin).json()["items"]] == [1]
    body = {"pictures": [{"event": seen["decision_id"], "number": 1}]}
    refused = client.post(f"/v1/employees/{ada['id']}/photos/from-events", headers=admin, json=body)
    problem(refused, 403, code="enrol_from_gate_off")
