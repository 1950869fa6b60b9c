"""A gate's hardware over HTTP: its forms, what it has without its secrets, and that nobody's change is lost."""

from typing import Any

import pytest

from app.wiring import System
from tests.web.conftest import Headers, TestClient, problem

SECRET = "hush, relay"
SHELLY = {"relay.url": "http://10.1.2.3", "relay.username": "admin", "relay.password": SECRET}


@pytest.fixture
def dock(client: TestClient, admin: Headers) -> Any:
    """A gate of this test's own."""
    yield client.post("/v1/gates", headers=admin, json={"name": "dock.hw"}).json()
    assert client.delete("/v1/gates/dock.hw", headers=admin).status_code == 204


def test_forms_say_what_each_hardware_asks(client: TestClient, admin: Headers) -> None:
    forms = {form["id"]: form for form in client.get("/v1/gate-hardware", headers=admin).json()["items"]}
    assert {"test", "plain", "serial", "osdp", "http-shelly-gen2", "mqtt-tasmota", "http-commands"} <= forms.keys()
    (url, *_) = forms["http-shelly-gen2"]["fields"]
    assert (url["name"], url["kind"], url["required"]) == ("relay.url", "address", True)


@pytest.mark.usefixtures("dock")
def test_hardware_is_chosen_and_its_secret_never_seen_again(client: TestClient, admin: Headers, system: System) -> None:
    assert client.get("/v1/gates/dock.hw", headers=admin).json()["test_gate"] is True
    body = {"hardware": {"form": "http-shelly-gen2", "values": SHELLY}}
    changed = client.patch("/v1/gates/dock.hw", headers=admin, json=body)
    assert (changed.status_code, changed.json()["driver"], changed.json()["test_gate"]) == (200, "webhook", False)
    shown = client.get("/v1/gates/dock.hw/hardware", headers=admin)
    assert SECRET not in shown.text + changed.text
    assert shown.json() == {
        "version": changed.json()["version"],
        "form": "http-shelly-gen2",
        "values": {name: value for name, value in SHELLY.items() if value != SECRET},
        "secrets": ["relay.password"],
        "whole": True,
    }
    sealed = system.gates.get("dock.hw").sealed_config
    assert sealed is not None and SECRET.encode() not in sealed


@pytest.mark.usefixtures("dock")
@pytest.mark.parametrize(
    ("hardware", "code", "field"),
    [
        ({"form": "drawbridge", "values": {}}, "unknown_hardware", "form"),
        ({"form": "serial", "values": {"device": "/etc/passwd"}}, "bad_gate_config", "device"),
        ({"form": "serial", "values": {"device": "/dev/ttyUSB0", "gate": "x"}}, "unknown_hardware_field", "gate"),
        ({"form": "http-tasmota", "values": {"relay.url": "file:///etc/passwd"}}, "bad_gate_config", "relay.url"),
        ({"form": "http-tasmota", "values": {"relay.url": "http://169.254.169.254"}}, "bad_gate_config", "relay.url"),
    ],
)
def test_error_names_its_field(
    client: TestClient, admin: Headers, nothing_stored: Any, hardware: dict[str, Any], code: str, field: str
) -> None:
    before = client.get("/v1/gates/dock.hw", headers=admin).json()
    with nothing_stored():
        answer = client.patch("/v1/gates/dock.hw", headers=admin, json={"hardware": hardware})
        assert problem(answer, 400, code=code)["field"] == field
    assert client.get("/v1/gates/dock.hw", headers=admin).json() == before


@pytest.mark.usefixtures("dock")
def test_hardware_goes_alone(client: TestClient, admin: Headers) -> None:
    body = {"driver": "plain", "hardware": {"form": "test", "values": {}}}
    problem(client.patch("/v1/gates/dock.hw", headers=admin, json=body), 400, code="bad_gate_config")


def test_change_of_an_older_version_is_refused_with_the_newer(
    client: TestClient, admin: Headers, dock: dict[str, Any]
) -> None:
    read = {**admin, "If-Match": f'"{dock["version"]}"'}
    first = client.patch("/v1/gates/dock.hw", headers=read, json={"unlock_ms": 3000})
    assert first.status_code == 200 and first.headers["etag"] == f'"{first.json()["version"]}"'
    second = client.patch("/v1/gates/dock.hw", headers=read, json={"unlock_ms": 9000})
    assert (second.status_code, second.json()["error"]) == (409, "entry_changed")
    assert second.json()["current"]["unlock_ms"] == 3000
    assert second.json()["current"]["version"] == first.json()["version"]
    assert client.delete("/v1/gates/dock.hw", headers=read).status_code == 409
    assert client.get("/v1/gates/dock.hw", headers=admin).json()["unlock_ms"] == 3000


@pytest.mark.usefixtures("dock")
def test_cameras_that_keep_a_gate_are_named(client: TestClient, admin: Headers) -> None:
    camera = {"name": "dock-cam", "gate": "dock.hw", "url": "rtsp://10.0.5.7/1"}
    assert client.post("/v1/cameras", headers=admin, json=camera).status_code == 201
    refused = problem(client.delete("/v1/gates/dock.hw", headers=admin), 409, code="gate_has_cameras")
    assert "dock-cam" in refused["detail"]
    client.delete("/v1/cameras/dock-cam", headers=admin)


@pytest.mark.usefixtures("dock")
def test_test_of_a_gate_says_what_came_back(client: TestClient, admin: Headers, security: Headers) -> None:
    answer = client.post("/v1/gates/dock.hw/tests", headers=admin, json={})
    assert answer.status_code == 200 and answer.json()["state"] == "limited", answer.text
    assert "test gate" in answer.json()["words"].lower() and answer.json()["event"] is None
    problem(client.post("/v1/gates/dock.hw/tests", headers=security, json={}), 403)
    problem(client.post("/v1/gates/nowhere/tests", headers=admin, json={}), 404, code="unknown_gate")
