"""Certificates of erasures over HTTP, and on a site with everything open about the person who is erased."""

import io
import random
import string
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from app.adapters.crypto.signing import signed_by
from app.core.accounts.trail import TrailFilter
from app.core.canonical import instant
from app.core.people.certificates import message
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, photos, problem


@pytest.fixture
def newcomer(client: TestClient, admin: Headers) -> dict[str, Any]:
    """Of a name that nobody else here has had: a namesake's would be found, too."""
    letters = "".join(random.choices(string.ascii_lowercase, k=12))
    new = {"number": f"N-{letters}", "name": f"Grace {letters[::-1].title()}"}
    return dict(client.post("/v1/employees", headers=admin, json=new).json())


@pytest.fixture
def erased(client: TestClient, admin: Headers, system: System, newcomer: dict[str, Any]) -> dict[str, Any]:
    """The answer to their erasure; nobody searched yet."""
    client.post(f"/v1/employees/{newcomer['id']}/photos", headers=admin, files=photos(pictures.BOB[0]))
    answer = client.delete(f"/v1/employees/{newcomer['id']}", headers=admin)
    assert answer.status_code == 200, answer.text
    return {**newcomer, "receipt": answer.json()["id"]}


def test_certificate_is_handed_out_once_the_search_has_ended(
    client: TestClient, admin: Headers, system: System, erased: dict[str, Any]
) -> None:
    address = f"/v1/employees/{erased['id']}/erasure-certificate"
    early = client.get(address, headers=admin)
    problem(early, 409, code="certificate_pending")
    system.certificates.make()
    document = client.get(address, headers=admin).json()
    key = client.get("/v1/signing-key", headers=admin).json()["public_key"]
    assert signed_by(key, message(document), document["signature"])
    assert document["search"]["found"] == 0 and document["receipt"] == erased["receipt"]
    assert {one["place"] for one in document["places"]} == {"database", "index", "caches", "imports", "files"}
    (asker,) = [one.id for one in system.keys.all() if one.id == document["asked"]["reference"]]
    assert document["asked"]["by"] == "key" and document["asked"]["way"] == "DELETE /v1/employees/{employee_id}"
    listed = client.get("/v1/erasure-certificates?limit=1", headers=admin).json()
    assert listed["items"][0]["employee_id"] == erased["id"] and listed["items"][0]["found"] == 0
    assert client.get(f"/v1/erasure-certificates/{listed['items'][0]['id']}", headers=admin).json() == document
    entries = system.trail.find(TrailFilter(person=erased["id"], kind="erasure_certificate"))
    assert [(one.action.value, one.actor) for one in entries] == [("added", asker)]


def test_deletion_by_a_directory_is_the_directorys(
    client: TestClient, admin: Headers, directory: Headers, system: System
) -> None:
    sent = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "quill@example.net"}
    body = {**sent, "externalId": "ext-471177", "displayName": "Zenobia Quill", "active": False}
    made = client.post("/scim/v2/Users", headers=directory, json=body)
    assert made.status_code == 201, made.text
    person = made.json()["id"]
    assert client.delete(f"/scim/v2/Users/{person}", headers=directory).status_code == 204
    system.certificates.make()
    document = client.get(f"/v1/employees/{person}/erasure-certificate", headers=admin).json()
    assert document["asked"]["by"] == "directory" and document["search"]["found"] == 0, document
    assert {"name", "external_id", "sealed", "key"} <= document["search"]["terms"].keys()
    assert document["removed"]["directory_people"] == 1


def test_only_admins_read_certificates(
    client: TestClient, security: Headers, admin: Headers, erased: dict[str, Any]
) -> None:
    for path in ("/v1/erasure-certificates", f"/v1/employees/{erased['id']}/erasure-certificate"):
        assert client.get(path, headers=security).status_code == 403
    problem(client.get("/v1/employees/nobody/erasure-certificate", headers=admin), 404, code="unknown_certificate")
    problem(client.get("/v1/erasure-certificates/nobody", headers=admin), 404, code="unknown_certificate")


def test_list_pages(client: TestClient, admin: Headers) -> None:
    for number in range(3):
        made = client.post("/v1/employees", headers=admin, json={"number": f"gone {number}", "name": "Somebody"})
        client.delete(f"/v1/employees/{made.json()['id']}", headers=admin)
    first = client.get("/v1/erasure-certificates?limit=2", headers=admin).json()
    second = client.get(f"/v1/erasure-certificates?limit=2&cursor={first['next']}", headers=admin).json()
    ids = [one["id"] for one in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == len(ids) >= 3


def test_person_with_everything_open_is_erased(
    client: TestClient, admin: Headers, gate: Headers, system: System, newcomer: dict[str, Any]
) -> None:
    # Given a host of a visit, named by a rule, with grant, badge, locked PIN, link, consent, alert and an import
    person, number = f"/v1/employees/{newcomer['id']}", newcomer["number"]
    now, everywhere = system.clock(), {"everywhere": True}

    def did(method: str, path: str, **more: Any) -> Any:
        answer = client.request(method, path, headers=admin, **more)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    did("POST", f"{person}/photos", files=photos(pictures.BOB[0]))
    did("POST", f"{person}/consents", json={})
    did("POST", "/v1/rules", json={"name": f"rule {number}", "who": {"people": [newcomer["id"]]}, "where": everywhere})
    did("POST", "/v1/grants", json={"employee": newcomer["id"], "where": everywhere, "reason": "a parcel"})
    for kind in ({"number": "40:12AB34CD56"}, {"kind": "pin"}):
        did("POST", "/v1/credentials", json={"employee": newcomer["id"], **kind})
    did("POST", "/v1/invitations", json={"employees": [newcomer["id"]]})
    day = {"starts_at": instant(now), "ends_at": instant(now + timedelta(hours=4))}
    did("POST", "/v1/visits", json={"name": "Hedy Lamarr", "host": number, "where": everywhere, **day})
    csv = f"number,name\n{number},{newcomer['name']}\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as photos_zip:
        photos_zip.writestr(f"{number}.jpg", pictures.small(pictures.BOB[0], 720))
    files = {"csv": ("people.csv", csv, "text/csv"), "photos": ("photos.zip", packed.getvalue(), "application/zip")}
    waiting = did("POST", "/v1/imports", files=files, data={"dry_run": "true"})
    asked = {"gate": system.gates.get(GATE).id, "mode": "badge_and_pin"}
    mode = did("POST", "/v1/gate-modes", json=asked)
    for _ in range(5):  # until the PIN is locked at this gate
        client.post(DECISIONS, headers=gate, json={"credential": "40:12AB34CD56"})
        answer = client.post(DECISIONS, headers=gate, json={"pin": "000000", "pin_ms": 900}).json()
    did("DELETE", f"/v1/gate-modes/{mode['id']}")
    did("POST", f"/v1/events/{answer['decision_id']}/report", json={"comment": "the PIN does not work"})
    # when they are erased
    did("DELETE", person)
    system.certificates.make()
    document = did("GET", f"{person}/erasure-certificate")
    # then all of it went with them, but for the import that waits
    removed = document["removed"]
    assert {
        "photos",
        "templates",
        "consents",
        "rule_people",
        "grants",
        "credentials",
        "pin_tries",
        "invitations",
    } <= removed.keys()
    found: dict[str, set[str]] = {}
    for one in document["left"]:
        found.setdefault(one["where"], set()).add(one["term"])
    # and what an admin wrote in the name of a rule, which SQLite's index has too
    written = {"rules", "trail", "outside_rows"}
    assert all(found[where] == {"number"} for where in found.keys() & written) and "rules" in found
    assert found.keys() - written == {f"import {waiting['id']} (waiting)"}
    assert "photo" in found[f"import {waiting['id']} (waiting)"]
    assert removed["events"] >= 5
    # and it has nobody once it is cancelled
    did("POST", f"/v1/imports/{waiting['id']}/cancel")
