"""Visits over HTTP: invited by a guard, opened by link, read at a gate, ended; and the visitor's page that nobody else
finds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.people.details import Details
from app.core.types import Role
from app.web.console.visits.letters import letters
from app.web.language.catalog import spoken
from app.wiring import System
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, cookie, problem, sign_in


@pytest.fixture
def host(system: System) -> Iterator[str]:
    made = system.enrolment.add(Details("HOST-1", "Hanna <b>Host</b>", email="hanna@example.org"))
    yield made.number
    system.erasure.erase(made.id)


@pytest.fixture
def invite(client: TestClient, security: Headers, system: System, host: str) -> Iterator[Any]:
    made: list[str] = []

    def send(**changed: object) -> Any:
        until = (system.clock() + timedelta(hours=2)).isoformat()
        where = {"gates": [system.gates.get(GATE).id]}
        usual = {"name": "Vera <i>Visitor", "host": host, "ends_at": until, "where": where, "company": "ACME"}
        answer = client.post("/v1/visits", headers=security, json=usual | changed)
        if answer.status_code == 201:
            made.append(answer.json()["visitor"])
        return answer

    yield send
    for visitor in made:
        system.erasure.erase(visitor)


def test_visitor_is_invited_shown_and_let_in(
    client: TestClient, security: Headers, viewer: Headers, gate: Headers, system: System, invite: Any
) -> None:
    visit = invite().json()
    assert (visit["state"], visit["pass_mail"], visit["company"]) == ("expected", "none", "ACME")
    address = f"/v1/visits/{visit['id']}"
    assert [one["id"] for one in client.get("/v1/visits", headers=security).json()["items"]] == [visit["id"]]
    assert "token" not in str(client.get(address, headers=security).json())
    assert client.get(f"{address}/link", headers=security).json()["link"] == visit["link"]
    problem(client.get(address, headers=viewer), 403)
    problem(client.get("/v1/visits/nobody", headers=security), 404, code="unknown_visit")
    with system.store.read() as tx:
        stored = tx.visits.get(visit["id"])
        assert stored is not None
        credential = tx.credentials.get(stored.credential_id)
        assert credential is not None
        code = system.passes.token_in(tx, credential)
    body = client.post(DECISIONS, headers=gate, json={"credential": code}).json()
    assert (body["decision"], body["reason"]) == ("open", "credential_accepted")
    assert body["employee"]["name"] == "Vera <i>Visitor"
    system.visits.watch.look(letters(system))
    assert client.get(address, headers=security).json()["state"] == "inside"
    problem(client.delete(address, headers=security), 409, code="visit_is_over")
    ended = client.post(f"{address}/left", headers=security).json()
    assert (ended["state"], ended["left_by"]) == ("left", "person")
    problem(client.post(f"{address}/left", headers=security), 409, code="visitor_not_inside")
    body = client.post(DECISIONS, headers=gate, json={"credential": code}).json()
    assert (body["decision"], body["reason"]) == ("deny", "credential_unknown")


def test_end_is_moved(client: TestClient, security: Headers, viewer: Headers, system: System, invite: Any) -> None:
    visit = invite().json()
    address, later = f"/v1/visits/{visit['id']}", (system.clock() + timedelta(hours=6)).replace(microsecond=0)
    moved = client.patch(address, headers=security, json={"ends_at": later.isoformat()})
    assert moved.status_code == 200 and moved.json()["ends_at"] == later.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    too_late = (system.clock() + timedelta(days=3)).isoformat()
    problem(client.patch(address, headers=security, json={"ends_at": too_late}), 400, code="bad_visit_times")
    problem(client.patch(address, headers=security, json={"ends_at": "2027-01-01"}), 422)
    problem(client.patch(address, headers=viewer, json={"ends_at": later.isoformat()}), 403)
    client.delete(address, headers=security)
    problem(client.patch(address, headers=security, json={"ends_at": later.isoformat()}), 409, code="visit_is_over")


def test_link_shows_the_pass_to_whoever_has_it_alone(client: TestClient, security: Headers, invite: Any) -> None:
    visit = invite().json()
    path = "/visit?" + visit["link"].partition("?")[2]
    moved = client.get(path)
    assert moved.status_code == 303 and "token" not in moved.headers["location"]
    assert "httponly" in moved.headers["set-cookie"].lower()
    client.cookies.clear()
    token = path.partition("token=")[2]
    page = client.get("/visit", headers={"Cookie": f"facegate_visit={token}"})
    assert page.status_code == 200 and "data:image/svg+xml" in page.text
    assert "Vera &lt;i&gt;Visitor" in page.text and "Hanna &lt;b&gt;Host" in page.text and "ACME" not in page.text
    for answer in (moved, page):
        assert answer.headers["x-robots-tag"] == "noindex" and answer.headers["cache-control"] == "no-store"
    for wrong in ("", token[:-1], "x" * 200):
        gone = client.get("/visit", headers={"Cookie": f"facegate_visit={wrong}"})
        assert gone.status_code == 404 and "data:image" not in gone.text
    assert client.delete(f"/v1/visits/{visit['id']}", headers=security).status_code == 204
    assert client.get("/visit", headers={"Cookie": f"facegate_visit={token}"}).status_code == 404


def test_pages_of_visitors(client: TestClient, system: System, invite: Any) -> None:
    visit = invite().json()
    guard = cookie(sign_in(system, Role.SECURITY))
    listed = client.get("/visitors", headers=guard).text
    assert "Vera &lt;i&gt;Visitor" in listed and "1 Expected" in listed
    for on in ("2020-01-01", "nonsense", "9999-12-31", "0001-01-01"):
        assert client.get(f"/visitors?on={on}", headers=guard).status_code == 200
    shown = client.get(f"/visitors/{visit['id']}", headers=guard).text
    assert "data:image/svg+xml" in shown and visit["link"] in shown.replace("&amp;", "&")
    assert client.get("/visitors/nobody", headers=guard).status_code == 404
    viewer = client.get("/visitors", headers=cookie(sign_in(system, Role.VIEWER)))
    assert viewer.status_code == 403


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"name": "x\n"}, 422, None),
        ({"name": " "}, 400, "bad_name"),
        ({"host": "nobody"}, 404, "unknown_host"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 400, "bad_visit_times"),
        ({"email": "nobody"}, 400, "bad_email"),
        ({"where": {"zones": ["nowhere"]}}, 400, "unknown_reference"),
        ({"where": {}}, 400, "rule_reaches_nothing"),
    ],
)
def test_invitation_that_cannot_be(invite: Any, changed: dict[str, object], status: int, code: str | None) -> None:
    answer = invite(**changed)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["error"] == code


def test_letters_are_in_the_language_of_the_site_and_hold_the_code(system: System, invite: Any) -> None:
    visit = invite(email="vera@example.org").json()
    shown = system.visits.book.get(visit["id"])
    written = letters(system)
    mail = written.for_visitor(shown, "FG1:" + "A" * 160)
    assert mail is not None and mail.to == "vera@example.org" and mail.picture is not None
    assert mail.picture.startswith(b"\x89PNG") and "Hanna <b>Host</b> expects you" in mail.text
    assert "token=" not in mail.text, "no link without the address of the console"
    told = written.for_host(shown, None)
    assert told is not None and (told.to, told.subject) == ("hanna@example.org", "Your visitor Vera <i>Visitor is here")
    system.site_settings.change(lambda before: replace(before, language="de"))
    try:
        mail = written.for_visitor(shown, "FG1:" + "A" * 160)
        assert mail is not None and "erwartet Sie" in mail.text
    finally:
        system.site_settings.change(lambda before: replace(before, language=None))
        spoken.set("en")
