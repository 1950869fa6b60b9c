"""A picture is judged before it is sent as a photo: the same problems as enrolment finds, and nothing is kept."""

from typing import Any

import pytest

from tests import pictures
from tests.web.conftest import Headers, TestClient, problem

JPEG = {"Content-Type": "image/jpeg"}


def check(client: TestClient, admin: Headers, data: bytes) -> dict[str, Any]:
    answer = client.post("/v1/photo-checks", headers={**admin, **JPEG}, content=data)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_good_picture_passes(client: TestClient, admin: Headers, nothing_stored: Any) -> None:
    with nothing_stored():
        found = check(client, admin, pictures.small("obama2", 720))
    assert found["good"] and found["problems"] == [] and found["advice"] is None and found["faces"] == 1
    assert found["quality"] > 0.8 and abs(found["yaw"]) < 0.5
    face = found["face"]
    assert 0 < face["x"] < face["x"] + face["width"] < 1 and 0 < face["y"] < face["y"] + face["height"] < 1


@pytest.mark.parametrize(
    ("picture", "code", "faces", "framed"),
    [
        (pictures.empty, "no_face", 0, False),
        (pictures.crowd, "several_faces", 20, False),
        (lambda: pictures.small("biden", 400), "face_too_small", 1, True),
    ],
)
def test_problem_and_advice_are_given(
    client: TestClient, admin: Headers, picture: Any, code: str, faces: int, framed: bool
) -> None:
    found = check(client, admin, picture())
    assert not found["good"] and found["problems"][0] == code and found["advice"]
    assert found["faces"] == faces and (found["face"] is not None) == framed


def test_invalid_picture_is_refused(client: TestClient, admin: Headers) -> None:
    for data, sent in ((b"", JPEG), (b"no picture", JPEG), (pictures.empty(), {"Content-Type": "image/png"})):
        problem(client.post("/v1/photo-checks", headers={**admin, **sent}, content=data), 400)
