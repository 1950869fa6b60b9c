"""Gates and keys over HTTP: every call and shape, and that a key is shown once and dead the moment it is revoked."""

import json
import sys
from typing import Any

import pytest

from app.core.gates.commands import DoorState
from app.core.types import Role
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, bearer, problem

GATE_FIELDS = {
    "id",
    "name",
    "enabled",
    "unlock_ms",
    "created_at",
    "driver",
    "configured",
    "fail_mode",
    "door_held_after_ms",
}
GATE_FIELDS |= {"door", "door_at", "healthy", "fault", "driven_by", "liveness", "liveness_auto", "locked"}
GATE_FIELDS |= {"version", "test_gate", "passages", "badge_format"}
KEY_FIELDS = {"id", "role", "name", "gate_id", "created_at", "revoked_at", "last_used_at"}


def test_gate_is_created_read_and_changed(client: TestClient, admin: Headers) -> None:
    created = client.post("/v1/gates", headers=admin, json={"name": "dock.1", "unlock_ms": 3000})
    assert created.status_code == 201 and set(created.json()) == GATE_FIELDS
    assert (created.json()["enabled"], created.json()["unlock_ms"]) == (True, 3000)
    problem(client.post("/v1/gates", headers=admin, json={"name": "dock.1"}), 409, code="gate_exists")
    assert client.get("/v1/gates/dock.1", headers=admin).json() == created.json()
    page = client.get("/v1/gates", headers=admin).json()
    assert created.json() in page["items"] and page["next"] is None
    changed = client.patch("/v1/gates/dock.1", headers=admin, json={"enabled": False}).json()
    assert changed == {**created.json(), "enabled": False, "version": changed["version"]}
    assert changed["version"] != created.json()["version"]
    problem(client.get("/v1/gates/nowhere", headers=admin), 404, code="unknown_gate")
    problem(client.patch("/v1/gates/nowhere", headers=admin, json={}), 404, code="unknown_gate")


def test_gates_liveness_mode_is_chosen_and_shown(client: TestClient, admin: Headers, system: System) -> None:
    client.post("/v1/gates", headers=admin, json={"name": "live.1"})
    works = system.recognition.liveness_works

    def shown(**body: str) -> tuple[str, bool]:
        answer = client.patch("/v1/gates/live.1", headers=admin, json=body)
        assert answer.status_code == 200 and answer.json() == client.get("/v1/gates/live.1", headers=admin).json()
        return answer.json()["liveness"], answer.json()["liveness_auto"]

    assert shown() == ("required" if works else "monitor", True)
    for mode in ("required", "monitor", "off"):
        assert shown(liveness=mode) == (mode, False)
    assert shown() == ("off", False)
    assert shown(liveness="auto") == ("required" if works else "monitor", True)
    for wrong in ("on", "REQUIRED", "", True, 1, ["off"]):
        problem(client.patch("/v1/gates/live.1", headers=admin, json={"liveness": wrong}), 422)
    made = client.post("/v1/gates", headers=admin, json={"name": "live.2", "liveness": "required"})
    assert (made.json()["liveness"], made.json()["liveness_auto"]) == ("required", False)
    line = client.get("/readyz", headers=admin).json()["checks"]["liveness"]
    for name in ("live.1", "live.2"):
        assert client.delete(f"/v1/gates/{name}", headers=admin).status_code == 204
    assert line["ok"] is works or "require it and open for no face" in line["detail"]


def test_gate_that_was_never_used_is_removed_with_its_keys(client: TestClient, admin: Headers, system: System) -> None:
    client.post("/v1/gates", headers=admin, json={"name": "mistake"})
    key = bearer(system.keys.create(Role.GATE, "mistake")[0])
    system.gate_control.report(system.gates.get("mistake").id, DoorState.CLOSED, system.clock())
    camera = {"name": "mistake-cam", "gate": "mistake", "url": "rtsp://10.0.5.7/1"}
    assert client.post("/v1/cameras", headers=admin, json=camera).status_code == 201
    problem(client.delete("/v1/gates/mistake", headers=admin), 409, code="gate_has_cameras")
    client.delete("/v1/cameras/mistake-cam", headers=admin)
    assert client.delete("/v1/gates/mistake", headers=admin).status_code == 204
    problem(client.get("/v1/gates/mistake", headers=admin), 404, code="unknown_gate")
    problem(client.delete("/v1/gates/mistake", headers=admin), 404, code="unknown_gate")
    problem(client.get("/v1/signing-key", headers=key), 401, code="bad_key")


def test_gate_with_a_log_stays(client: TestClient, admin: Headers, gate: Headers) -> None:
    client.post(DECISIONS, headers={**gate, "Content-Type": "image/jpeg"}, content=pictures.empty())
    problem(client.delete("/v1/gates/lobby-1", headers=admin), 409, code="gate_has_events")
    assert client.get("/v1/gates/lobby-1", headers=admin).status_code == 200


@pytest.mark.parametrize(
    "body", [{"name": n} for n in ("", "a b", "../x", "ä", "x" * 65, "a/b", "a\nb", "-a", "a\x00")]
)
def test_gate_name_fits_into_an_address(
    client: TestClient, admin: Headers, body: dict[str, Any], nothing_stored: Any
) -> None:
    with nothing_stored():
        problem(client.post("/v1/gates", headers=admin, json=body), 400, code="bad_gate_name")


def test_gate_whose_library_is_missing_is_not_stored(
    client: TestClient, admin: Headers, nothing_stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paho", None)
    driving = {"driver": "mqtt", "config": {"host": "10.0.0.9"}}
    before = client.get("/v1/gates/lobby-1", headers=admin).json()
    with nothing_stored():
        answer = client.post("/v1/gates", headers=admin, json={"name": "dock.2", **driving})
        problem(answer, 400, code="gate_library_missing")
        problem(client.patch("/v1/gates/lobby-1", headers=admin, json=driving), 400, code="gate_library_missing")
    assert client.get("/v1/gates/lobby-1", headers=admin).json() == before


@pytest.mark.parametrize("unlock_ms", [499, 60_001, -1, 10**30])
def test_unlock_time_is_bounded(client: TestClient, admin: Headers, unlock_ms: int, nothing_stored: Any) -> None:
    with nothing_stored():
        problem(client.post("/v1/gates", headers=admin, json={"name": "x", "unlock_ms": unlock_ms}), 400, 422)
        problem(client.patch("/v1/gates/lobby-1", headers=admin, json={"unlock_ms": unlock_ms}), 400, 422)


@pytest.mark.parametrize("role", ["admin", "security", "camera", "gate"])
def test_key_is_shown_once_and_dies_at_once(client: TestClient, admin: Headers, system: System, role: str) -> None:
    body = {"role": role, "name": "porch"} | ({"gate": "lobby-1"} if role == "gate" else {})
    created = client.post("/v1/keys", headers=admin, json=body)
    assert created.status_code == 201 and set(created.json()) == KEY_FIELDS | {"key"}
    key = created.json()
    secret = key.pop("key")
    assert secret.startswith(f"fg_{role}_") and len(secret) > 40
    address = f"/v1/keys/{key['id']}"
    assert client.get(address, headers=admin).json() == key
    listed = client.get("/v1/keys", headers=admin)
    assert key in listed.json()["items"] and secret not in listed.text
    assert client.get("/v1/signing-key", headers=bearer(secret)).status_code == 200

    assert client.delete(address, headers=admin).status_code == 204
    problem(client.get("/v1/signing-key", headers=bearer(secret)), 401, code="bad_key")
    assert client.get(address, headers=admin).json()["revoked_at"] is not None
    problem(client.delete("/v1/keys/none", headers=admin), 404, code="unknown_key")
    # Only its hash is stored.
    assert secret.encode() not in b"".join(f.read_bytes() for f in system.settings.data.iterdir() if f.is_file())


def test_key_is_renamed_and_nothing_else(client: TestClient, admin: Headers, system: System) -> None:
    secret, key = system.keys.create(Role.SECURITY, name="desk")
    address = f"/v1/keys/{key.id}"
    renamed = client.patch(address, headers=admin, json={"name": 'the "night" desk'})
    assert renamed.status_code == 200 and renamed.json() == client.get(address, headers=admin).json()
    assert (renamed.json()["name"], renamed.json()["role"]) == ('the "night" desk', "security")
    assert client.get("/v1/events", headers=bearer(secret)).status_code == 200
    for body in ({}, {"name": ""}, {"name": "a\nb"}, {"role": "admin"}, {"name": "x", "gate": "lobby-1"}):
        problem(client.patch(address, headers=admin, json=body), 422)
    problem(client.patch("/v1/keys/none", headers=admin, json={"name": "x"}), 404, code="unknown_key")


def test_gate_key_needs_a_gate_and_no_other_may_have_one(
    client: TestClient, admin: Headers, nothing_stored: Any
) -> None:
    with nothing_stored():
        for body, status, code in (
            ({"role": "gate"}, 400, "bad_gate"),
            ({"role": "admin", "gate": "lobby-1"}, 400, "bad_gate"),
            ({"role": "gate", "gate": "nowhere"}, 404, "unknown_gate"),
            ({"role": "root"}, 422, "malformed_request"),
            ({"role": "admin", "name": "\x1b[31mred"}, 422, "malformed_request"),
            ({"role": "admin", "name": "\ud800"}, 422, "malformed_request"),
            ({"role": "gate", "gate": "a\nb"}, 422, "malformed_request"),
        ):
            headers = {**admin, "Content-Type": "application/json"}
            problem(client.post("/v1/keys", headers=headers, content=json.dumps(body)), status, code=code)


def test_key_of_another_gate_is_refused(
    client: TestClient, gate: Headers, other_gate: Headers, nothing_stored: Any
) -> None:
    jpeg = {"Content-Type": "image/jpeg"}
    with nothing_stored():
        answer = client.post(DECISIONS, headers={**other_gate, **jpeg}, content=pictures.empty())
        problem(answer, 403, code="key_of_another_gate")
        answer = client.post("/v1/gates/nowhere/decisions", headers={**gate, **jpeg}, content=pictures.empty())
        problem(answer, 404, code="unknown_gate")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "bearer",
        "Bearer a b",
        "Bearer " + "k" * 43,
        "Bearer \xe9",
    ],
)
def test_malformed_authorization_is_refused(client: TestClient, authorization: str) -> None:
    answer = client.get("/v1/employees", headers={"Authorization": authorization.encode("latin-1")})  # type: ignore[arg-type]
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
