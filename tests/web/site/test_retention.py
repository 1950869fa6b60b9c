"""Retention over HTTP: periods, what is due, receipts; and who changed a period."""

import pytest

from app.core.accounts.trail import TrailFilter
from app.core.site.retention import Kind, Removal, message
from app.core.types import Role
from app.wiring import System
from tests.web.conftest import Headers, TestClient, cookie, problem, sign_in


@pytest.fixture
def receipt(system: System) -> Removal:
    at = system.clock()
    blank = Removal("alerts:2026-11-23", Kind.ALERTS, at, at, 7)
    signed = Removal(**{**vars(blank), "signature": system.signer.sign(message(blank))})
    with system.store.write() as tx:
        tx.retained.put(signed)
    return signed


def test_admin_changes_a_period_and_the_trail_says_who(client: TestClient, system: System, admin: Headers) -> None:
    def hours() -> dict[str, int]:
        items = client.get("/v1/retention", headers=admin).json()["items"]
        assert [one["kind"] for one in items] == [kind.value for kind in Kind]
        assert all(one["due"] is None for one in items)
        return {one["kind"]: one["hours"] for one in items}

    assert (hours()["stranger_pictures"], hours()["trail"]) == (72, 8760)
    for sent, kept in (({"stranger_pictures": 24}, {"stranger_pictures": 24}), ({"stranger_pictures": None}, {})):
        answer = client.patch("/v1/settings", headers=admin, json={"kept_hours": sent})
        assert answer.json()["kept_hours"] == kept
        assert hours()["stranger_pictures"] == (24 if kept else 72)
        (entry,) = system.trail.find(TrailFilter(kind="site_settings", limit=1))
        assert "kept_hours" in [field.name for field in entry.fields]


@pytest.mark.parametrize("sent", [{"souls": 5}, {"trail": 1}, {"trail": 10**9}])
def test_period_that_cannot_be_is_refused(client: TestClient, admin: Headers, sent: dict[str, int]) -> None:
    answer = client.patch("/v1/settings", headers=admin, json={"kept_hours": sent})
    assert problem(answer, 400)["error"] == "bad_kept_hours"
    assert client.get("/v1/settings", headers=admin).json()["kept_hours"] == {}


def test_what_is_due_is_counted_when_it_is_asked_for(
    client: TestClient, system: System, admin: Headers, receipt: Removal
) -> None:
    items = client.get("/v1/retention?due=true", headers=admin).json()["items"]
    assert all(isinstance(one["due"], int) for one in items)
    (alerts,) = [one for one in items if one["kind"] == "alerts"]
    assert (alerts["removed"], alerts["last"]["count"]) == (7, 7)
    (found,) = client.get("/v1/retention/receipts", headers=admin).json()["items"]
    assert (found["id"], found["signature"]) == (receipt.id, receipt.signature)


def test_page_has_every_kind_in_both_languages(client: TestClient, system: System, receipt: Removal) -> None:
    headers = cookie(sign_in(system, Role.ADMIN))
    english = client.get("/settings/retention", headers=headers).text
    assert all(f'name="{kind.value}"' in english for kind in Kind)
    assert "Pictures of unknown people" in english and "not yet" in english and "7 on that day" in english
    german = client.get("/settings/retention", headers={**headers, "Accept-Language": "de"}).text
    assert "Bilder unbekannter Personen" in german and "Kept for" not in german


def test_retention_is_for_admins(client: TestClient, security: Headers, viewer: Headers) -> None:
    for path in ("/v1/retention", "/v1/retention/receipts"):
        assert client.get(path, headers=security).status_code == 403
    assert client.get("/settings/retention", headers=viewer).status_code == 403
