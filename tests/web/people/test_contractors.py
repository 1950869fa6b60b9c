"""Contractors over HTTP: taken on, refused at a gate with the reason in event and explanation, confirmed by an admin or
by the sponsor's link."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.contracts import CONFIRMED_FOR
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.people.reminders import Reminder
from app.core.people.visits import MailState
from app.core.tokens import digest
from app.web.console.contractors.letters import letter
from app.web.language.catalog import spoken
from app.wiring import System
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, problem

BADGE = Badge(32, 0xC0C0)


@pytest.fixture
def sponsor(system: System) -> Iterator[str]:
    made = system.enrolment.add(Details("SP-1", "Selma <b>Sponsor", email="selma@example.org"))
    yield made.number
    system.erasure.erase(made.id)


@pytest.fixture
def carl(client: TestClient, admin: Headers, system: System, sponsor: str) -> Iterator[Any]:
    body = {"number": "CO-1", "name": "Carl <i>", "company": "ACME", "sponsor": sponsor, "groups": ["Crew"]}
    answer = client.post("/v1/contractors", headers=admin, json=body)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    system.credentials.give(made["id"], BADGE, CardFormat.RAW, "admin")
    yield made
    system.erasure.erase(made["id"])


def decided(client: TestClient, gate: Headers) -> Any:
    return client.post(DECISIONS, headers=gate, json={"credential": BADGE.text}).json()


def test_contractor_from_the_first_day_to_an_expired_document(
    client: TestClient, admin: Headers, gate: Headers, system: System, carl: Any
) -> None:
    address, today = f"/v1/contractors/{carl['id']}", system.site_clock.today()
    assert (carl["state"], carl["company"], carl["sponsor_name"]) == ("valid", "ACME", "Selma <b>Sponsor")
    assert decided(client, gate)["reason"] == "no_rule", "rules for everybody are not for contractors"
    body = {"kind": "Work permit", "number": "WP 4711 0815", "expires_on": str(today - timedelta(days=2))}
    shown = client.post(f"{address}/documents", headers=admin, json=body).json()
    (document,) = shown["documents"]
    assert (document["last_four"], shown["state"], shown["lapsed"]) == ("0815", "lapsed", "documents_expired")
    answer = decided(client, gate)
    assert (answer["decision"], answer["reason"], answer["employee"]["name"]) == (
        "deny",
        "documents_expired",
        "Carl <i>",
    )
    event = client.get(f"/v1/events/{answer['decision_id']}", headers=admin).json()
    assert event["reason"] == "documents_expired"
    asked = {"person": "CO-1", "gate": GATE}
    explained = client.get("/v1/access/explain", headers=admin, params=asked).json()
    assert (explained["reason"], explained["words"]) == (
        "documents_expired",
        "A document of the contractor has expired.",
    )
    renewed = {"expires_on": str(today + timedelta(days=400))}
    shown = client.patch(f"{address}/documents/{document['id']}", headers=admin, json=renewed).json()
    assert (shown["state"], shown["documents"][0]["last_four"]) == ("valid", "0815")
    assert client.delete(f"{address}/documents/{document['id']}", headers=admin).status_code == 204
    assert client.get(address, headers=admin).json()["documents_until"] is None
    listed = client.get("/v1/contractors", headers=admin, params={"state": "valid"}).json()["items"]
    assert [one["id"] for one in listed] == [carl["id"]]
    assert client.get("/v1/contractors", headers=admin, params={"state": "soon"}).json()["items"] == []
    facts = client.get(f"/v1/employees/{carl['id']}", headers=admin).json()
    assert (facts["number"], facts["groups"]) == ("CO-1", ["Crew"])


def test_what_is_refused(
    client: TestClient, admin: Headers, security: Headers, system: System, carl: Any, sponsor: str
) -> None:
    address = f"/v1/contractors/{carl['id']}"
    problem(client.get("/v1/contractors", headers=security), 403)
    problem(client.get("/v1/contractors/nobody", headers=admin), 404, code="unknown_contractor")
    problem(client.put("/v1/contractors/nobody", headers=admin, json={"sponsor": sponsor}), 404)
    for body, status, code in (
        ({"sponsor": "nobody"}, 404, "unknown_sponsor"),
        ({"sponsor": carl["number"]}, 409, "own_sponsor"),
        ({"sponsor": sponsor, "company": "\u202eACME"}, 400, "bad_company"),
        ({"sponsor": ""}, 422, "malformed_request"),
    ):
        problem(client.put(address, headers=admin, json=body), status, code=code)
    for body, status, code in (
        ({"kind": "\u202e", "expires_on": "2027-01-01"}, 400, "bad_document_kind"),
        ({"kind": "Permit", "expires_on": "2027-01-01T00:00:00Z"}, 422, "malformed_request"),
        ({"kind": "Permit"}, 422, "malformed_request"),
    ):
        problem(client.post(f"{address}/documents", headers=admin, json=body), status, code=code)
    gone = client.delete(f"{address}/documents/nobody", headers=admin)
    problem(gone, 404, code="unknown_document")
    twice = {"number": carl["number"], "name": "X", "sponsor": sponsor}
    problem(client.post("/v1/contractors", headers=admin, json=twice), 409, code="number_taken")


def test_sponsor_confirms_by_the_link_in_their_mail(client: TestClient, system: System, carl: Any) -> None:
    token = "t" * 43
    with system.store.write() as tx:
        employee = tx.employees.get(carl["id"], for_update=True)
        assert employee is not None and employee.contract is not None
        tx.reminders.put(Reminder(carl["id"], employee.contract.confirmed_at, digest(token), MailState.SENT))
    client.cookies.clear()
    moved = client.get(f"/sponsor?token={token}")
    assert moved.status_code == 303 and "token" not in moved.headers["location"]
    assert "httponly" in moved.headers["set-cookie"].lower()
    page = client.get("/sponsor")
    assert "Carl &lt;i&gt; of ACME works at" in page.text and page.headers["x-robots-tag"] == "noindex"
    foreign = client.post("/sponsor/confirm", headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    before = system.contractors.book.get(carl["id"]).contract.confirmed_at
    assert client.post("/sponsor/confirm").headers["location"].endswith("/sponsor?said=done")
    assert system.contractors.book.get(carl["id"]).contract.confirmed_at > before
    client.cookies.set("facegate_sponsor", token)
    assert client.get("/sponsor").status_code == 404
    assert client.post("/sponsor/confirm").status_code == 404
    client.cookies.clear()
    assert client.get("/sponsor").status_code == 404


def test_mail_to_the_sponsor(system: System, carl: Any) -> None:
    shown = system.contractors.book.get(carl["id"])
    before = spoken.get()
    try:
        mail = letter(system)(shown, "TOKEN")
        assert mail is not None and mail.to == "selma@example.org"
        assert "Is Carl <i> still needed?" in mail.subject and "ACME" in mail.text
        assert "TOKEN" not in mail.text, "without public_url there is no link"
        settings = system.settings.model_copy(update={"public_url": "https://gate.example.com/"})
        mail = letter(replace(system, settings=settings))(shown, "TOKEN")
        assert mail is not None and "https://gate.example.com/sponsor?token=TOKEN" in mail.text
    finally:
        spoken.set(before)


def test_export_and_list_of_facts_name_contract_and_documents(
    client: TestClient, admin: Headers, system: System, carl: Any
) -> None:
    body = {"kind": "Insurance", "number": "99-1234", "expires_on": "2030-01-31"}
    client.post(f"/v1/contractors/{carl['id']}/documents", headers=admin, json=body)
    facts = system.subject_export.facts(carl["id"])["contract"]
    assert facts["company"] == "ACME" and "Selma" not in str(facts)
    (document,) = facts["documents"]
    assert (document["kind"], document["last_four"], document["expires_on"]) == ("Insurance", "1234", "2030-01-31")
    trail = client.get("/v1/audit-trail", headers=admin, params={"person": carl["id"], "kind": "document"}).json()
    assert [one["action"] for one in trail["items"]] == ["added"] and "Insurance" not in str(trail)


def test_confirmation_restores_access(
    client: TestClient, admin: Headers, gate: Headers, system: System, carl: Any
) -> None:
    with system.store.write() as tx:
        employee = tx.employees.get(carl["id"], for_update=True)
        assert employee is not None and employee.contract is not None
        lapsed = replace(employee.contract, confirmed_at=system.clock() - CONFIRMED_FOR)
        tx.employees.update(replace(employee, contract=lapsed))
    assert decided(client, gate)["reason"] == "sponsor_unconfirmed"
    shown = client.post(f"/v1/contractors/{carl['id']}/confirm", headers=admin).json()
    assert shown["state"] == "valid" and shown["lapsed"] is None
    assert decided(client, gate)["reason"] == "no_rule"
