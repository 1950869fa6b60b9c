"""The endpoint gate hardware calls: every form of request, the answer field by field, repeats, one event each."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from httpx2 import Response

from app.core.canonical import canonical
from app.core.types import Reason
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos, problem

FIELDS = {
    *("decision", "reason", "decision_id", "gate", "at", "open_until", "employee", "method", "similarity"),
    *(
        "threshold",
        "candidates",
        "margin",
        "liveness",
        "liveness_state",
        "faces",
        "frames_received",
        "frames_used",
        "duration_ms",
    ),
    *("checkpoint", "signature"),
}
Ask = Callable[..., Response]


def test_an_employee_passes(ask: Ask, ada: dict[str, Any]) -> None:
    answer = ask(pictures.small(pictures.ADA[1]))
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) >= FIELDS
    assert (body["decision"], body["reason"], body["method"]) == ("open", "recognised", "face")
    assert body["employee"] == {"id": ada["id"], "name": "Ada Lovelace", "number": "E-1001"}
    assert body["similarity"] >= body["threshold"] > 0
    assert (body["gate"], body["faces"], body["frames_received"], body["frames_used"]) == ("lobby-1", 1, 1, 1)
    assert len(body["decision_id"]) == 26 and body["duration_ms"] > 0
    opened = datetime.fromisoformat(body["open_until"]) - datetime.fromisoformat(body["at"])
    assert opened.total_seconds() == 5 and body["at"].endswith("Z")


def test_stranger_does_not(ask: Ask, ada: dict[str, Any]) -> None:
    body = ask(pictures.small(pictures.STRANGER)).json()
    assert set(body) >= FIELDS
    assert (body["decision"], body["reason"]) == ("deny", "not_recognised")
    assert body["employee"] is None and body["open_until"] is None
    assert body["similarity"] < body["threshold"]


@pytest.mark.parametrize(
    ("picture", "reason", "faces"), [(pictures.empty, "no_face", 0), (pictures.crowd, "several_faces", 20)]
)
def test_scene_without_one_person(ask: Ask, picture: Callable[[], bytes], reason: str, faces: int) -> None:
    body = ask(picture()).json()
    assert (body["decision"], body["reason"], body["faces"], body["frames_used"]) == ("deny", reason, faces, 0)
    assert body["employee"] is None


def test_png_frame_is_accepted(ask: Ask, ada: dict[str, Any]) -> None:
    body = ask(pictures.as_png(pictures.ADA[1], longest_px=480), pictures.PNG).json()
    assert body["decision"] == "open"


@pytest.mark.parametrize("frames", [1, 3, 8])
def test_frames_of_one_approach(client: TestClient, gate: Headers, ada: dict[str, Any], frames: int) -> None:
    body = client.post(DECISIONS, headers=gate, files=photos(*pictures.ADA[1:] * frames, field="image")).json()
    assert (body["decision"], body["frames_received"], body["frames_used"]) == ("open", frames, frames)


def test_change_of_person_identifies_nobody(client: TestClient, gate: Headers, ada: dict[str, Any]) -> None:
    files = photos(pictures.ADA[1], pictures.STRANGER, field="image")
    body = client.post(DECISIONS, headers=gate, files=files).json()
    assert (body["decision"], body["reason"], body["employee"]) == ("deny", "ambiguous", None)


@pytest.mark.parametrize("form", [{"json": {"credential": "4711"}}, {"files": {"credential": (None, "4711")}}])
def test_unknown_credential_is_denied(client: TestClient, gate: Headers, form: dict[str, Any]) -> None:
    body = client.post(DECISIONS, headers=gate, **form).json()
    assert set(body) >= FIELDS
    assert (body["decision"], body["reason"], body["method"]) == ("deny", "credential_unknown", "credential")
    assert (body["faces"], body["frames_received"], body["similarity"]) == (0, 0, None)


def test_gate_without_a_camera(client: TestClient, gate: Headers) -> None:
    problem(client.post(DECISIONS, headers=gate, json={"from_camera": True}), 409, code="no_camera")


def test_signature_covers_all_other_fields(ask: Ask, client: TestClient, gate: Headers, ada: Any) -> None:
    body = ask(pictures.small(pictures.ADA[1])).json()
    key = client.get("/v1/signing-key", headers=gate).json()
    assert key["algorithm"] == "Ed25519"
    signature = base64.b64decode(body.pop("signature"))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"])).verify(signature, canonical(body))


def test_disabled_gate_runs_no_recognition(client: TestClient, admin: Headers, ask: Ask, ada: Any) -> None:
    client.patch("/v1/gates/lobby-1", headers=admin, json={"enabled": False})
    try:
        body = ask(pictures.small(pictures.ADA[1])).json()
    finally:
        client.patch("/v1/gates/lobby-1", headers=admin, json={"enabled": True})
    assert (body["decision"], body["reason"], body["faces"]) == ("deny", "gate_disabled", 0)


def test_repeat_is_the_same_answer_and_one_event(ask: Ask, system: System, ada: Any) -> None:
    picture = pictures.small(pictures.ADA[1])
    first = ask(picture, **{"Idempotency-Key": "one"})
    again = ask(picture, **{"Idempotency-Key": "one"})
    other = ask(picture, **{"Idempotency-Key": "two"})
    assert first.json() == again.json()
    assert other.json()["checkpoint"]["sequence"] == first.json()["checkpoint"]["sequence"] + 1


def test_concurrent_repeats_are_one_event(ask: Ask, ada: Any) -> None:
    together = threading.Barrier(6)

    def send(_: int) -> str:
        together.wait(30)
        return str(ask(pictures.small(pictures.ADA[1]), **{"Idempotency-Key": "together"}).json()["decision_id"])

    for attempt in range(3):
        with ThreadPoolExecutor(6) as threads:
            answers = set(threads.map(send, range(6)))
        assert len(answers) == 1, f"attempt {attempt}: one approach became {len(answers)} events"


def test_key_repeated_at_another_gate_is_another_decision(
    client: TestClient, ask: Ask, other_gate: Headers, ada: Any
) -> None:
    here = ask(pictures.empty(), **{"Idempotency-Key": "shared"}).json()
    headers = {**other_gate, "Content-Type": pictures.JPEG, "Idempotency-Key": "shared"}
    there = client.post("/v1/gates/lobby-2/decisions", headers=headers, content=pictures.empty()).json()
    assert there["gate"] == "lobby-2" and there["decision_id"] != here["decision_id"]


def test_employee_status_and_validity_hold_at_once(
    client: TestClient, admin: Headers, ask: Ask, ada: dict[str, Any]
) -> None:
    address, picture = f"/v1/employees/{ada['id']}", pictures.small(pictures.ADA[1])
    reasons = {}
    for change in (
        {"status": "inactive"},
        {"status": "active", "valid_from": "2100-01-01"},
        {"valid_from": None, "valid_until": "2001-01-01"},
        {"valid_until": None},
    ):
        assert client.patch(address, headers=admin, json=change).status_code == 200
        body = ask(picture).json()
        reasons[body["reason"]] = body["decision"]
        assert Reason(body["reason"]) and body["employee"]["id"] == ada["id"]
    assert reasons == {"employee_inactive": "deny", "not_yet_valid": "deny", "expired": "deny", "recognised": "open"}
