"""Cameras over HTTP: one that is stored damaged, or as the API would not take it, does not take the others down."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from app.adapters.cameras.mailbox import Mailbox
from app.core.approach.tries import Region
from app.services.cameras.camera_list import Address
from app.wiring import System
from app.wiring.watching import supervisor
from tests.web.conftest import GATE, Headers, TestClient, problem

URL = "rtsp://alice:s3cr-t@10.0.5.7/hidden-path"


@pytest.fixture
def damaged(client: TestClient, admin: Headers, system: System) -> Iterator[str]:
    """A camera whose sealed address lost a bit on the disk, beside one that is well."""
    for name in ("well", "damaged"):
        body = {"name": name, "gate": GATE, "url": URL}
        assert client.post("/v1/cameras", headers=admin, json=body).status_code == 201
    with system.store.write() as tx:
        camera = tx.cameras.by_name_or_id("damaged")
        assert camera is not None
        sealed = camera.sealed_url
        tx.cameras.update(replace(camera, sealed_url=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    yield "damaged"
    for name in ("well", "damaged"):
        assert client.delete(f"/v1/cameras/{name}", headers=admin).status_code == 204


def test_damaged_address_is_reported_and_other_cameras_are_listed(
    client: TestClient, admin: Headers, damaged: str
) -> None:
    answer = client.get("/v1/cameras", headers=admin)

    assert answer.status_code == 200, answer.text
    listed = {camera["name"]: camera for camera in answer.json()["items"]}
    assert (listed["well"]["url"], listed["well"]["state"]) == ("rtsp://10.0.5.7:554/***", "not_watched")
    assert (listed["damaged"]["url"], listed["damaged"]["state"]) == ("", "broken")
    assert "set the address again" in listed["damaged"]["detail"]
    assert client.get("/v1/cameras/damaged", headers=admin).json() == listed["damaged"]
    assert "s3cr-t" not in answer.text and "hidden-path" not in answer.text


def test_setting_a_damaged_address_again_mends_it(client: TestClient, admin: Headers, damaged: str) -> None:
    mended = client.patch("/v1/cameras/damaged", headers=admin, json={"url": "rtsp://10.0.5.8/1"}).json()

    assert (mended["url"], mended["state"]) == ("rtsp://10.0.5.8:554/***", "not_watched")


def test_other_changes_leave_a_damaged_address_and_say_so(client: TestClient, admin: Headers, damaged: str) -> None:
    changed = client.patch("/v1/cameras/damaged", headers=admin, json={"enabled": False})

    assert changed.status_code == 200 and changed.json()["state"] == "broken"


def test_region_that_the_api_would_refuse_is_shown(client: TestClient, admin: Headers, system: System) -> None:
    system.cameras.add("far", GATE, Address(URL, local=False), Region(min_face_px=5000))
    try:
        listed = {camera["name"]: camera for camera in client.get("/v1/cameras", headers=admin).json()["items"]}
        assert listed["far"]["region"]["min_face_px"] == 5000
        assert client.patch("/v1/cameras/far", headers=admin, json={"enabled": False}).status_code == 200
    finally:
        client.delete("/v1/cameras/far", headers=admin)


def test_looping_recording_restarts_within_its_connection(system: System, tmp_path: Path) -> None:
    """With a new one the loop would forget who it has just opened for."""
    for level in (60, 120):
        Image.new("L", (160, 120), level).save(tmp_path / f"{level}.png")
    camera = system.cameras.add("film", GATE, Address(f"folder:{tmp_path}", local=True), Region())
    box = supervisor(system)._watch(camera).mailbox
    assert isinstance(box, Mailbox)
    box.start()
    try:
        newest = 0
        while newest < 7:
            captured = box.take(5)
            assert captured is not None and not box.ended
            newest = captured.sequence
    finally:
        box.stop()
        system.cameras.delete("film")


def test_patch_of_a_region_changes_only_its_members(client: TestClient, admin: Headers) -> None:
    body = {"name": "cropped", "gate": GATE, "url": URL, "region": {"left": 0.25, "right": 0.75}}
    made = client.post("/v1/cameras", headers=admin, json=body).json()
    try:
        changed = client.patch("/v1/cameras/cropped", headers=admin, json={"region": {"min_face_px": 60}}).json()
        assert changed["region"] == {"left": 0.25, "top": 0.0, "right": 0.75, "bottom": 1.0, "min_face_px": 60.0}
        problem(
            client.patch("/v1/cameras/cropped", headers=admin, json={"region": {"right": 0.2}}), 400, code="bad_region"
        )
        assert client.get(f"/v1/cameras/{made['id']}", headers=admin).json()["region"] == changed["region"]
    finally:
        assert client.delete("/v1/cameras/cropped", headers=admin).status_code == 204


def test_change_of_what_somebody_else_changed_is_refused_with_the_newer_camera(
    client: TestClient, admin: Headers
) -> None:
    made = client.post("/v1/cameras", headers=admin, json={"name": "shared", "gate": GATE, "url": URL})
    try:
        read = made.headers["etag"]
        assert read == f'"{made.json()["version"]}"' == client.get("/v1/cameras/shared", headers=admin).headers["etag"]
        based = {**admin, "If-Match": read}
        changed = client.patch("/v1/cameras/shared", headers=based, json={"rotation": 90})
        assert changed.status_code == 200 and changed.headers["etag"] != read
        for refused in (
            client.patch("/v1/cameras/shared", headers=based, json={"enabled": False}),
            client.delete("/v1/cameras/shared", headers=based),
        ):
            assert (refused.status_code, refused.json()["error"]) == (409, "entry_changed")
            current = refused.json()["current"]
            assert (current["version"], current["rotation"]) == (changed.json()["version"], 90)
            assert "s3cr-t" not in refused.text
        assert client.get("/v1/cameras/shared", headers=admin).json()["enabled"]
    finally:
        assert client.delete("/v1/cameras/shared", headers=admin).status_code == 204


def test_camera_and_a_gate_are_found_by_the_id_that_making_them_gave(client: TestClient, admin: Headers) -> None:
    gate = client.post("/v1/gates", headers=admin, json={"name": "by-id"}).json()
    body = {"name": "cam-by-id", "gate": gate["id"], "url": URL}
    camera = client.post("/v1/cameras", headers=admin, json=body).json()
    assert camera["gate"] == "by-id"
    assert client.get(f"/v1/gates/{gate['id']}", headers=admin).json()["name"] == "by-id"
    assert client.patch(f"/v1/gates/{gate['id']}", headers=admin, json={"unlock_ms": 700}).json()["unlock_ms"] == 700
    assert not client.patch(f"/v1/cameras/{camera['id']}", headers=admin, json={"enabled": False}).json()["enabled"]
    assert client.delete(f"/v1/cameras/{camera['id']}", headers=admin).status_code == 204
    assert client.delete(f"/v1/gates/{gate['id']}", headers=admin).status_code == 204
    problem(client.get(f"/v1/gates/{gate['id']}", headers=admin), 404, code="unknown_gate")


@pytest.mark.parametrize("password", ["12/3456789", "secret/QXZJV", "QX?ZJVQ", "QX#ZJVQ", "QX@ZJVQ", "QX[ZJVQ"])
def test_nothing_of_a_password_with_separators_is_stored_or_shown(
    client: TestClient, admin: Headers, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"name": "cut", "gate": GATE, "url": f"rtsp://admin:{password}@10.0.5.7/stream1"}
    with caplog.at_level("DEBUG"):
        refused = client.post("/v1/cameras", headers=admin, json=body)

    assert refused.status_code == 400 and "write / as %2F" in refused.json()["detail"]
    shown = [refused.text, caplog.text]
    shown += [client.get(path, headers=admin).text for path in ("/v1/cameras", "/metrics", "/readyz", "/")]
    parts = {password[i : i + 6] for i in range(len(password) - 5)}  # any four digits may be a figure of /metrics
    assert not [part for part in parts if part in " ".join(shown)]
    assert client.get("/v1/cameras/cut", headers=admin).status_code == 404


def test_camera_has_a_rotation(client: TestClient, admin: Headers, system: System) -> None:
    body = {"name": "side", "gate": GATE, "url": URL, "rotation": 90}
    assert client.post("/v1/cameras", headers=admin, json=body).json()["rotation"] == 90
    address = "/v1/cameras/side"
    assert client.patch(address, headers=admin, json={"url": "rtsp://10.0.5.8/1"}).json()["rotation"] == 90
    changed = client.patch(address, headers=admin, json={"rotation": 270}).json()
    assert (changed["rotation"], changed["url"]) == (270, "rtsp://10.0.5.8:554/***")
    assert system.cameras.address(system.cameras.get("side")).url == "rtsp://10.0.5.8/1"
    assert client.patch(address, headers=admin, json={"rotation": 45}).status_code == 422
    assert client.delete(address, headers=admin).status_code == 204
    body = {"name": "side", "gate": GATE, "url": URL}
    assert client.post("/v1/cameras", headers=admin, json=body).json()["rotation"] == 0
    assert client.delete(address, headers=admin).status_code == 204


def test_rotation_of_a_damaged_address_is_set_with_it(client: TestClient, admin: Headers, damaged: str) -> None:
    alone = client.patch("/v1/cameras/damaged", headers=admin, json={"rotation": 90})
    assert alone.status_code == 409 and alone.json()["error"] == "camera_record_damaged"
    both = client.patch("/v1/cameras/damaged", headers=admin, json={"rotation": 90, "url": URL}).json()
    assert (both["rotation"], both["state"]) == (90, "not_watched")


def test_turned_camera_is_an_alert_that_names_the_rotation(client: TestClient, admin: Headers, system: System) -> None:
    system.cameras.add("upside", GATE, Address(URL), Region())
    system.transient_alerts.turned(system.cameras.get("upside"), 180)
    system.transient_alerts.turned(system.cameras.get("upside"), 180)
    items = client.get("/v1/alerts", headers=admin, params={"kind": "camera_turned"}).json()["items"]
    told = [alert for alert in items if alert["camera"] == "upside"]
    assert len(told) == 1 and told[0]["detail"].endswith("set its rotation to 180")
    assert client.post(f"/v1/alerts/{told[0]['id']}/acknowledge", headers=admin, json={}).status_code == 200
    assert client.delete("/v1/cameras/upside", headers=admin).status_code == 204
