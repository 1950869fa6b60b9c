"""The home page: each role sees what it may act on, and an admin ends the first hour for good."""

from typing import Any

from app.core.types import Role
from app.services.site.first_hour import FIRST_KEY
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, cookie, photos, problem, sign_in


def page(client: TestClient, system: System, *roles: Role) -> str:
    answer = client.get("/", headers={"Accept": "text/html", **cookie(sign_in(system, *roles))})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_steps_are_for_admins_alone(client: TestClient, system: System, admin: Headers, security: Headers) -> None:
    assert "Set up this site" in page(client, system, Role.ADMIN)
    for role in (Role.SECURITY, Role.VIEWER):
        text = page(client, system, role)
        assert "Set up this site" not in text
        assert "Ending within 14 days" not in text, "whose validity ends is for admins"
    assert "Set up this site" not in client.get("/").text
    steps = client.get("/v1/first-hour", headers=admin).json()
    assert [one["name"] for one in steps["steps"]] == ["site", "gate", "hardware", "eyes", "people", "pass"]
    problem(client.get("/v1/first-hour", headers=security), 403)


def test_first_hour_ends_by_an_admins_word(client: TestClient, system: System, admin: Headers) -> None:
    ended = client.patch("/v1/settings", headers=admin, json={"first_hour_over": True})
    assert ended.json()["first_hour_over"] is True
    text = page(client, system, Role.ADMIN)
    assert "Set up this site" not in text
    for heading in ("Today", "Why gates refused", "Photos and badges missing", "Ending within 14 days", "Backup"):
        assert f">{heading}<" in text, heading
    client.patch("/v1/settings", headers=admin, json={"first_hour_over": False})
    assert "Set up this site" in page(client, system, Role.ADMIN)


def test_somebody_who_was_just_enrolled_counts(
    client: TestClient, system: System, admin: Headers, newcomer: dict[str, Any]
) -> None:
    """Nobody has walked up since: no decision has brought the gallery up to date."""

    def shown() -> int:
        return system.first_hour.facts(system.gallery.count).enrolled

    before = shown()
    client.post(f"/v1/employees/{newcomer['id']}/photos", headers=admin, files=photos(pictures.BOB[0]))
    assert len(system.gallery) == before and shown() == before + 1


def test_first_starts_key_is_asked_about_while_it_is_valid(client: TestClient, system: System) -> None:
    _, key = system.keys.create(Role.ADMIN, name=FIRST_KEY)
    assert "The admin key that the first start printed still works" in page(client, system, Role.ADMIN)
    assert "first start printed" not in page(client, system, Role.SECURITY)
    system.keys.revoke(key.id)
    assert "first start printed" not in page(client, system, Role.ADMIN)


def test_gate_pages_show_no_secret(client: TestClient, system: System, admin: Headers) -> None:
    relay = {"relay.url": "http://10.1.2.3", "relay.username": "admin", "relay.password": "hush, relay"}
    gate = client.post("/v1/gates", headers=admin, json={"name": "home.gate"}).json()
    body = {"hardware": {"form": "http-shelly-gen2", "values": relay}}
    assert client.patch("/v1/gates/home.gate", headers=admin, json=body).status_code == 200
    signed_in = {"Accept": "text/html", **cookie(sign_in(system, Role.ADMIN))}
    for path in ("/gates", "/gates/new", f"/gates/{gate['id']}"):
        text = client.get(path, headers=signed_in).text
        assert "hush" not in text and "Add a" in text, path
    assert (
        client.get("/gates/new", headers={"Accept": "text/html", **cookie(sign_in(system, Role.SECURITY))}).status_code
        == 403
    )
    assert client.delete("/v1/gates/home.gate", headers=admin).status_code == 204
