"""Photos as phones save them, over HTTP: enrolled whatever they are called, refused at a gate by their name."""

import io
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, problem

pillow_heif.register_heif_opener()
NAMES = {"HEIF": "HEIC", "WEBP": "WebP", "AVIF": "AVIF"}


def saved(kind: str, name: str = "astronaut") -> bytes:
    return pictures.encoded(Image.open(io.BytesIO(pictures.small(name))), kind, quality=90)


@pytest.mark.parametrize("kind", NAMES)
def test_photo_is_enrolled_and_kept_as_jpeg(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], kind: str
) -> None:
    base = f"/v1/employees/{newcomer['id']}/photos"
    for declared in ("image/jpeg", "application/octet-stream"):  # browsers guess by the name
        answer = client.post(base, headers=admin, files={"photo": ("me.jpg", saved(kind), declared)})
        assert answer.status_code == 200, answer.text
        first, again = answer.json()["photos"][0], declared != "image/jpeg"
        assert first["problems"] == (["duplicate_photo"] if again else []) and first["accepted"] is not again
    kept = client.get(base, headers=admin).json()["items"]
    assert [photo["media_type"] for photo in kept] == ["image/jpeg"]
    shown = client.get(f"{base}/{kept[0]['id']}", headers=admin)
    assert shown.headers["content-type"] == "image/jpeg" and shown.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("kind", NAMES)
def test_gate_sends_jpeg_or_png(client: TestClient, gate: Headers, nothing_stored: Any, kind: str) -> None:
    with nothing_stored():
        answer = client.post(DECISIONS, headers=gate, files={"image": ("a", saved(kind), "image/jpeg")})
        problem(answer, 400, code="not_an_image")
        assert NAMES[kind] in answer.json()["detail"] and "send a JPEG or PNG" in answer.json()["detail"]


@pytest.mark.parametrize("kind", NAMES)
def test_tools_read_them_too(client: TestClient, admin: Headers, kind: str) -> None:
    files = {"a": ("a.heic", saved(kind), "image/heic"), "b": ("b.jpg", pictures.small("astronaut"), "image/jpeg")}
    assert client.post("/v1/verify", headers=admin, files=files).json()["same"] is True
    media_type = {"HEIF": "image/heic", "WEBP": "image/webp", "AVIF": "image/avif"}[kind]
    headers = {**admin, "Content-Type": media_type}
    assert client.post("/v1/photo-checks", headers=headers, content=saved(kind)).json()["faces"] == 1
