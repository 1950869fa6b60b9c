"""A gate that requires liveness: with the weights a picture held up opens nothing, without them no face does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx2 import Response

from app.wiring import System
from tests import pictures
from tests.web.conftest import GATE, Headers, TestClient

Ask = Callable[..., Response]


@pytest.fixture
def required(client: TestClient, admin: Headers) -> Iterator[None]:
    """The gate requires liveness as long as the test runs."""
    before = client.get(f"/v1/gates/{GATE}", headers=admin).json()["liveness"]
    client.patch(f"/v1/gates/{GATE}", headers=admin, json={"liveness": "required"})
    yield
    client.patch(f"/v1/gates/{GATE}", headers=admin, json={"liveness": before})


def test_person_passes_and_a_phone_showing_her_picture_does_not(
    ask: Ask, ada: dict[str, Any], required: None, system: System, client: TestClient, security: Headers
) -> None:
    person, phone = ask(pictures.small("obama2", 720)).json(), ask(pictures.held_up("obama2")).json()
    event = client.get(f"/v1/events/{phone['decision_id']}", headers=security).json()

    for said in (phone, event):
        assert (said["decision"], said["reason"]) == ("deny", "spoof_suspected")
        assert said["employee"]["number"] == "E-1001"
    assert (event["liveness"], event["liveness_state"]) == (phone["liveness"], phone["liveness_state"])
    if system.recognition.liveness_works:
        assert (person["decision"], person["liveness_state"]) == ("open", "live")
        assert phone["liveness_state"] == "spoof_suspected" and phone["liveness"] < 0.5 < person["liveness"]
    else:
        assert person["reason"] == "spoof_suspected"
        assert (phone["liveness"], phone["liveness_state"]) == (None, "unavailable")


def test_readiness_says_whether_gates_lack_the_weights(
    client: TestClient, admin: Headers, required: None, system: System
) -> None:
    page = client.get("/readyz", headers=admin)
    line = page.json()["checks"]["liveness"]

    assert page.status_code == 200, "a gate without liveness still serves badges, and other gates everybody"
    assert line["ok"] is system.recognition.liveness_works
    assert line["ok"] or "1 gates require it and open for no face" in line["detail"]
