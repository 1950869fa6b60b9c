"""A picture that is sent again was captured: no camera takes the same bytes twice. Answers belong to their request."""

import base64
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from app.core.canonical import canonical
from app.core.recognition.liveness import LivenessMode
from app.services.gates.gate_settings import GateUpdate
from tests import pictures
from tests.console.service import Service

GATES = ("lobby-1", "lobby-2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replays")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    with Service.running(folder, replayed_picture="deny") as service:
        for gate in GATES:
            service.system.gates.add(gate)
            service.system.gate_settings.change(gate, GateUpdate(liveness=LivenessMode.MONITOR))
        yield service


@pytest.fixture(scope="module")
def ada(service: Service) -> str:
    key = service.key("admin")
    with httpx.Client(base_url=f"{service.url}/v1", headers=key, trust_env=False, timeout=30) as admin:
        employee = str(admin.post("/employees", json={"number": "E-1", "name": "Ada"}).json()["id"])
        photo = ("a.jpg", pictures.small(pictures.ADA[0], 720), "image/jpeg")
        assert admin.post(f"/employees/{employee}/photos", files={"photo": photo}).json()["photos"][0]["accepted"]
    return employee


def taken(n: int) -> bytes:
    """Another picture of the same person, as a camera would take: no two have the same bytes."""
    picture = Image.open(io.BytesIO(pictures.small(pictures.ADA[1])))
    return pictures.encoded(picture, quality=80 + n % 15, comment=f"taken {n}")


def send(service: Service, *frames: bytes, gate: str = GATES[0], **headers: str) -> dict[str, Any]:
    url = f"{service.url}/v1/gates/{gate}/decisions"
    headers = {**service.key("gate", gate), **{name.replace("_", "-"): value for name, value in headers.items()}}
    files = [("image", (f"{i}.jpg", frame, "image/jpeg")) for i, frame in enumerate(frames)]
    answer = httpx.post(url, headers=headers, files=files, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def alerts(service: Service) -> list[str]:
    with service.system.store.read() as tx:
        return [alert.gate_id or "" for alert in tx.alerts.uncleared() if alert.kind == "repeated_picture"]


def test_captured_picture_opens_no_gate_and_raises_an_alert(service: Service, ada: str) -> None:
    """With the gate's key it was accepted 1,800 of 1,800 times, and no alert was raised."""
    assert send(service, taken(1))["reason"] == "recognised"
    assert alerts(service) == []
    for gate in (*GATES, *GATES):
        again = send(service, taken(1), gate=gate)
        assert (again["decision"], again["reason"], again["employee"]) == ("deny", "stale_frame", None)
    assert len(alerts(service)) == 2, "one that stands for each gate"
    assert send(service, taken(2))["reason"] == "recognised"


def test_replayed_picture_does_not_count_beside_others(service: Service, ada: str) -> None:
    send(service, taken(3))
    assert send(service, taken(3), pictures.empty(333))["reason"] == "no_face"
    answer = send(service, taken(3), taken(4))
    assert (answer["reason"], answer["frames_received"], answer["frames_used"]) == ("recognised", 2, 1)


def test_request_that_is_repeated_is_the_same_request(service: Service, ada: str) -> None:
    first = send(service, taken(5), Idempotency_Key="a")
    assert send(service, taken(5), Idempotency_Key="a") == first and first["reason"] == "recognised"
    assert send(service, taken(5), Idempotency_Key="b")["reason"] == "stale_frame"
    assert send(service, taken(5))["reason"] == "stale_frame"


def test_one_of_several_concurrent_copies_counts(service: Service, ada: str) -> None:
    for n in range(6, 10):
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda i, n=n: send(service, taken(n), gate=GATES[i % 2]), range(6)))
        assert sorted(answer["reason"] for answer in answers) == ["recognised", *["stale_frame"] * 5]


def test_sent_pictures_are_remembered_after_a_restart(folder: Path, service: Service, ada: str) -> None:
    send(service, taken(11))
    with Service.running(folder, replayed_picture="deny") as another:
        assert send(another, taken(11))["reason"] == "stale_frame"


def test_after_a_day_it_is_forgotten(service: Service) -> None:
    send(service, pictures.empty(344))
    digest = hashlib.sha256(pictures.empty(344)).hexdigest()
    now = service.system.clock()
    with service.system.store.write() as tx:
        tx.pictures.forget(now - timedelta(minutes=1))
        assert tx.pictures.add([digest], now) == set()
        tx.pictures.forget(now + timedelta(minutes=1))
        assert tx.pictures.add([digest], now) == {digest}


def test_operator_may_have_the_alert_alone(tmp_path: Path) -> None:
    with Service.running(tmp_path, replayed_picture="alert") as service:
        service.system.gates.add(GATES[0])
        reasons = [send(service, pictures.empty())["reason"] for _ in range(2)]
        assert reasons == ["no_face"] * 2 and len(alerts(service)) == 1


def test_answer_belongs_to_its_request(service: Service) -> None:
    public = base64.b64decode(service.system.signer.public_key())
    frames = (pictures.empty(350), pictures.empty(351))
    for nonce in ("d41d8cd98f00b204", None, "another~nonce"):
        headers = {} if nonce is None else {"Facegate_Nonce": nonce}
        answer = send(service, *frames, **headers)
        signature = base64.b64decode(answer.pop("signature"))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(answer))
        digests = b"".join(hashlib.sha256(frame).digest() for frame in frames)
        assert answer["request_digest"] == hashlib.sha256(digests).hexdigest()
        assert answer.get("nonce") == nonce


def test_repeated_request_is_answered_with_its_own_nonce(service: Service) -> None:
    answers = [send(service, pictures.empty(352), Idempotency_Key="n", Facegate_Nonce=nonce) for nonce in "ab"]
    assert [answer["nonce"] for answer in answers] == ["a", "b"]
    assert len({answer["decision_id"] for answer in answers}) == 1


@pytest.mark.parametrize("nonce", ["", "a b", "x" * 129, "\u00e9"])
def test_nonce_is_short_and_plain(service: Service, nonce: str) -> None:
    url = f"{service.url}/v1/gates/{GATES[0]}/decisions"
    headers = {**service.key("gate", GATES[0]), "Content-Type": "image/jpeg"}
    answer = httpx.post(
        url,
        headers=[*headers.items(), ("Facegate-Nonce", nonce.encode())],  # type: ignore[arg-type]
        content=pictures.empty(353),
        trust_env=False,
    )
    assert answer.status_code == 422
