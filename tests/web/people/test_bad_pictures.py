"""Pictures that are none, or not the kind taken: a clear error each, nothing stored, and the gate still answers."""

import random
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from httpx2 import Response

from tests import pictures
from tests.pictures import JPEG, PNG
from tests.web.conftest import DECISIONS, Headers, TestClient, problem

Ask = Callable[..., Response]
GOOD, GOOD_PNG = pictures.small("impostor_1"), pictures.as_png("impostor_1")
GREY = "unsupported_image"


@pytest.fixture(autouse=True)
def still_up(ask: Ask) -> Any:
    yield
    assert ask(pictures.empty()).json()["reason"] == "no_face"


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


BAD = {
    "empty": (b"", JPEG, 400, "empty_body"),
    "text": (b"not a picture", JPEG, 400, "not_an_image"),
    "html": (b"<svg onload=alert(1)>", PNG, 400, "not_an_image"),
    "jpeg magic alone": (b"\xff\xd8\xff", JPEG, 400, None),
    "png magic alone": (b"\x89PNG\r\n\x1a\n", PNG, 400, None),
    "1x1 jpeg": (pictures.encoded(pictures.Image.new("RGB", (1, 1))), JPEG, 400, "image_too_small"),
    "1x1 png": (pictures.png_of(1, 1), PNG, 400, "image_too_small"),
    "0x0 png": (pictures.png_of(0, 0, data=b""), PNG, 400, None),
    "long and thin": (pictures.png_of(20_000, 1), PNG, 400, "image_too_small"),
    "black and white png": (pictures.as_png("impostor_1", "1"), PNG, 400, GREY),
    "animated png": (pictures.animated("PNG"), PNG, 400, GREY),
    "gif": (pictures.animated("GIF"), JPEG, 400, "not_an_image"),
    "jpeg xl": (b"\xff\x0a" + bytes(100), JPEG, 400, "not_an_image"),
    "cmyk jpeg": (pictures.encoded(pictures.Image.new("CMYK", (64, 64))), JPEG, 400, GREY),
    "jpeg as png": (GOOD, PNG, 400, "wrong_content_type"),
    "png as jpeg": (GOOD_PNG, JPEG, 400, "wrong_content_type"),
    "as text": (GOOD, "text/plain", 400, "wrong_content_type"),
    "as gif": (GOOD, "image/gif", 400, "wrong_content_type"),
    "as a form": (GOOD, "application/x-www-form-urlencoded", 400, "wrong_content_type"),
    "jpeg bomb": (pictures.jpeg_bomb(), JPEG, 413, "image_too_large"),
    "31 MB": (GOOD + bytes(30_500_000), JPEG, 413, "image_too_large"),
} | {
    f"{kind} cut at {share}": (cut(data, share), media_type, 400, None)
    for kind, data, media_type in (("jpeg", GOOD, JPEG), ("png", GOOD_PNG, PNG))
    for share in (0.01, 0.1, 0.5, 0.9, 0.99)
}


@pytest.mark.parametrize("case", BAD)
def test_one_raw_frame(ask: Ask, nothing_stored: Any, case: str) -> None:
    data, media_type, status, code = BAD[case]
    with nothing_stored():
        problem(ask(data, media_type), status, code=code)


@pytest.mark.parametrize("case", [c for c, (*_, code) in BAD.items() if code != "wrong_content_type"])
def test_hostile_picture_is_refused_as_photo_and_as_frame(
    client: TestClient, admin: Headers, gate: Headers, newcomer: dict[str, Any], nothing_stored: Any, case: str
) -> None:
    data, media_type, status, code = BAD[case]
    photo = ("p", data, media_type)
    good = ("good.jpg", GOOD, JPEG)
    with nothing_stored():
        answer = client.post(f"/v1/employees/{newcomer['id']}/photos", headers=admin, files={"photo": photo})
        problem(answer, status, code=code)
        answer = client.post(DECISIONS, headers=gate, files=[("image", good), ("image", photo), ("image", good)])
        problem(answer, status, code=code)
        problem(client.post("/v1/identify", headers=admin, files={"image": photo}), status, code=code)
        problem(client.post("/v1/verify", headers=admin, files={"a": good, "b": photo}), status, code=code)


def test_no_content_type(client: TestClient, gate: Headers, nothing_stored: Any) -> None:
    with nothing_stored():
        problem(client.post(DECISIONS, headers=gate, content=GOOD), 400, code="wrong_content_type")
        problem(client.post(DECISIONS, headers=gate), 400, code="wrong_content_type")


def test_png_bomb_costs_nothing(ask: Ask, nothing_stored: Any) -> None:
    bomb, process = pictures.bomb(), psutil.Process()
    assert len(bomb) < 15_000_000
    peak, stop = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            peak.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    with nothing_stored():
        problem(ask(bomb, PNG), 413, code="image_too_large")
    took = time.monotonic() - started
    stop.set()
    watcher.join()
    assert max(peak) - peak[0] < 100_000_000
    assert took < 8


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("media_type", [JPEG, "multipart/form-data; boundary=x", "application/json"])
def test_50_mb(client: TestClient, gate: Headers, nothing_stored: Any, media_type: str, declared: bool) -> None:
    def chunks() -> Any:
        if "multipart" in media_type:
            yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for _ in range(50):
            yield GOOD[:1000] + bytes(999_000)

    content = b"".join(chunks()) if declared else chunks()
    with nothing_stored():
        answer = client.post(DECISIONS, headers={**gate, "Content-Type": media_type}, content=content)
        problem(answer, 413, code="request_too_large")


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 400, "0x10"])
def test_invalid_content_length_is_refused(ask: Ask, nothing_stored: Any, length: str) -> None:
    with nothing_stored():
        problem(ask(GOOD, **{"Content-Length": length}), 413)


@pytest.mark.parametrize(("good", "media_type"), [(GOOD, JPEG), (GOOD_PNG, PNG)])
def test_randomly_damaged_picture_is_a_client_error(ask: Ask, good: bytes, media_type: str) -> None:
    """150 each: bytes changed, cut off, left out or doubled."""
    dice = random.Random(20261123)
    seen: dict[int, int] = {}
    for _ in range(150):
        data = bytearray(good)
        for _ in range(dice.choice((1, 1, 3, 30))):
            # Half of the damage in the headers, where decoders believe what they read.
            place = dice.randrange(700 if dice.random() < 0.5 else len(data))
            match dice.randrange(4):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    data[place] ^= 1 << dice.randrange(8)
                case 2:
                    del data[place : place + dice.randrange(1, 50)]
                case _:
                    data[place:place] = data[place : place + dice.randrange(1, 50)]
            if len(data) < 800:
                break
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        answer = ask(bytes(data), media_type)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        if answer.status_code == 200:
            assert answer.json()["reason"] != "system_fault", data[:20]
        else:
            problem(answer, 400, 413)
    assert seen.get(400, 0) > 50, seen


def test_refusals_do_not_leak_memory(ask: Ask) -> None:
    for _ in range(20):
        ask(GOOD[:-2])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            ask(GOOD[:-2])
        assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
    finally:
        tracemalloc.stop()
