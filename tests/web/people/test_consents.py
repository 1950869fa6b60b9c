"""Consents over HTTP and on pages: recorded with the site's text, asked for before photos, withdrawn by an admin."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.accounts.trail import TrailFilter
from app.core.types import Role
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, cookie, photos, problem, sign_in


@pytest.fixture
def asks(client: TestClient, admin: Headers) -> Iterator[None]:
    """Consent is the legal basis of the site until the test ends."""
    client.patch("/v1/settings", headers=admin, json={"consent_required": True})
    yield
    client.patch("/v1/settings", headers=admin, json={"consent_required": False})


def test_photos_wait_for_a_consent_which_an_admin_records_and_withdraws(
    client: TestClient, system: System, admin: Headers, newcomer: dict[str, Any], asks: None
) -> None:
    person = f"/v1/employees/{newcomer['id']}"
    portrait = photos(pictures.BOB[0])
    assert problem(client.post(f"{person}/photos", headers=admin, files=portrait), 409)["error"] == "consent_required"
    made = client.post(f"{person}/consents", headers=admin, json={"language": "de"})
    assert made.status_code == 201, made.text
    consent = made.json()
    assert (consent["how"], consent["language"], consent["stands"]) == ("recorded", "de", True)
    assert consent["text"].startswith("Ich ") and "{site}" not in consent["text"] and len(consent["version"]) == 12
    sent = client.post(f"{person}/photos", headers=admin, files=portrait)
    assert [one["accepted"] for one in sent.json()["photos"]] == [True], sent.text
    page = client.get(f"/employees/{newcomer['id']}", headers=cookie(sign_in(system, Role.ADMIN))).text
    assert "Withdraw consent" in page and consent["version"] in page and "They have no badge" in page
    assert client.post(f"{person}/consents/withdraw", headers=admin).json() == {"erased_photos": 1}
    assert problem(client.post(f"{person}/consents/withdraw", headers=admin), 409)["error"] == "no_consent"
    (listed,) = client.get(f"{person}/consents", headers=admin).json()["items"]
    assert not listed["stands"] and listed["withdrawn_at"] and listed["erased_photos"] == 1
    assert client.get(person, headers=admin).json()["photos"] == 0
    kinds = {entry.kind for entry in system.trail.find(TrailFilter(person=newcomer["id"]))}
    assert {"consent", "photo", "person"} <= kinds


@pytest.mark.parametrize(("sent", "code"), [({"language": "xx"}, "bad_language"), ({"days": 1}, "bad_consent_day")])
def test_consent_that_cannot_be_is_refused(
    client: TestClient, system: System, admin: Headers, newcomer: dict[str, Any], sent: dict[str, Any], code: str
) -> None:
    if days := sent.pop("days", 0):
        sent["given_on"] = str(system.site_clock.read().today + timedelta(days=days))
    answer = client.post(f"/v1/employees/{newcomer['id']}/consents", headers=admin, json=sent)
    assert problem(answer, 400)["error"] == code


def test_nobody_withdraws_for_somebody_who_is_not_there(client: TestClient, admin: Headers) -> None:
    for path in ("consents", "consents/withdraw"):
        answer = client.post(f"/v1/employees/nobody/{path}", headers=admin, json={} if path == "consents" else None)
        assert problem(answer, 404)["error"] == "unknown_employee"
