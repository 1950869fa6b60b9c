"""A camera's live view and the try of an address: real cameras on this machine, real faces, nothing stored."""

import json
from base64 import b64decode
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import cv2
import numpy as np
import pytest

from app.core.approach.tries import Region
from app.services.cameras.camera_list import Address
from app.wiring import System
from tests import pictures
from tests.adapters.cameras.peers import motion_jpeg, web
from tests.web.conftest import GATE, Headers, TestClient, problem

SIDE = (1280, 720)


def scene() -> bytes:
    """A real face at the left of a wide picture."""
    face = cv2.imdecode(np.frombuffer(pictures.small(pictures.ADA[0], 400), np.uint8), cv2.IMREAD_COLOR)
    assert face is not None
    canvas = np.full((SIDE[1], SIDE[0], 3), 120, np.uint8)
    canvas[100 : 100 + face.shape[0], 60 : 60 + face.shape[1]] = face
    return cv2.imencode(".jpg", canvas)[1].tobytes()


@pytest.fixture
def lobby_cam(system: System) -> Iterator[str]:
    """A stored camera of this machine, which nobody watches."""
    with web(motion_jpeg(repeat(scene(), 12))) as port:
        system.cameras.add("seen", GATE, Address(f"http://127.0.0.1:{port}/video", local=True), Region())
        yield "seen"
    system.cameras.delete("seen")


def lines(client: TestClient, method: str, path: str, headers: Headers, **body: Any) -> list[dict[str, Any]]:
    answer = client.request(method, path, headers=headers, **body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson" and answer.headers["cache-control"] == "no-store"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_live_view_shows_the_picture_with_the_width_of_the_face(
    client: TestClient, security: Headers, lobby_cam: str, nothing_stored: Any
) -> None:
    with nothing_stored():
        first, *_, last = lines(client, "GET", f"/v1/cameras/{lobby_cam}/live", security)

    shown = cv2.imdecode(np.frombuffer(b64decode(first["picture"]), np.uint8), cv2.IMREAD_COLOR)
    assert (first["width_px"], first["height_px"]) == SIDE and shown.shape[:2] == (540, 960)
    (face,) = first["faces"]
    assert face["problems"] == [] and 0 < face["x"] < 0.3 and 60 < face["width_px"] < 300
    assert face["width_px"] == pytest.approx(face["width"] * SIDE[0], abs=1)
    assert last == {
        "fault": "ended",
        "detail": "The camera ended the stream. Close other viewers of this camera, or choose its second, smaller "
        "stream.",
    }


def test_rotation_can_be_tried(client: TestClient, security: Headers, lobby_cam: str) -> None:
    first, *_ = lines(client, "GET", f"/v1/cameras/{lobby_cam}/live?rotation=90", security)
    assert (first["width_px"], first["height_px"]) == SIDE[::-1] and first["faces"] == []


def test_try_of_a_stored_camera_keeps_its_address(client: TestClient, admin: Headers, lobby_cam: str) -> None:
    first, *_ = lines(client, "POST", "/v1/camera-tries", admin, json={"camera": lobby_cam, "rotation": 180})
    assert first["width_px"] == SIDE[0] and first["picture"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_camera_address"),
        ({"url": "http://127.0.0.1:1/video"}, "bad_camera_address"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "bad_camera_address"),
        ({"url": "file:/etc/passwd"}, "bad_camera_address"),
        ({"url": "rtsp://10.0.0.9/", "password": "alone"}, "bad_camera_address"),
        ({"url": "rtsp://10.0.0.9/", "user": "x" * 120, "password": "y" * 120}, "bad_camera_address"),
    ],
)
def test_try_refuses_where_no_camera_may_be(
    client: TestClient, admin: Headers, body: dict[str, str], code: str
) -> None:
    problem(client.post("/v1/camera-tries", headers=admin, json=body), 400, code=code)


def test_camera_that_cannot_be_reached_is_explained(client: TestClient, admin: Headers, system: System) -> None:
    with web(lambda _: None) as port:
        pass  # nobody listens there any more
    system.cameras.add("gone", GATE, Address(f"http://alice:s3cr-t@127.0.0.1:{port}/video", local=True), Region())
    try:
        (only,) = lines(client, "POST", "/v1/camera-tries", admin, json={"camera": "gone"})
    finally:
        system.cameras.delete("gone")
    assert only["fault"] == "unreachable" and "Check the address and the port" in only["detail"]
    assert "s3cr-t" not in json.dumps(only) and "127.0.0.1" not in json.dumps(only)


def test_looking_is_for_guards_and_trying_for_admins(
    client: TestClient, security: Headers, viewer: Headers, gate: Headers, lobby_cam: str
) -> None:
    for path in (f"/v1/cameras/{lobby_cam}/live", f"/v1/cameras/{lobby_cam}/picture"):
        for headers in (viewer, gate):
            problem(client.get(path, headers=headers), 403, code="wrong_role")
        assert client.get(path).status_code == 401
    problem(client.post("/v1/camera-tries", headers=security, json={"camera": lobby_cam}), 403, code="wrong_role")
    problem(client.get("/v1/cameras/nowhere/live", headers=security), 404, code="unknown_camera")


def test_picture_is_that_of_the_process_that_watches(client: TestClient, security: Headers, lobby_cam: str) -> None:
    problem(client.get(f"/v1/cameras/{lobby_cam}/picture", headers=security), 503, code="camera_unavailable")
