"""Employees and their photos over HTTP: every call, every shape, lists that page, and what an erasure leaves."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.core.canonical import canonical
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos, problem

FIELDS = {
    *("id", "number", "name", "status", "email", "valid_from", "valid_until", "groups", "legal_basis", "consent_at"),
    *("card_number", "created_at", "photos", "version"),
}
BASE = "/v1/employees"


def test_employee_is_created_read_changed_and_erased(client: TestClient, admin: Headers) -> None:
    sent = {
        "number": "C-1",
        "name": "Katherine Johnson",
        "email": "k@example.org",
        "valid_from": "2026-01-01",
        "valid_until": "2099-12-31",
        "groups": ["orbit", "night"],
        "legal_basis": "consent",
        "consent_at": "2026-01-01",
        "card_number": "0047",
    }
    created = client.post(BASE, headers=admin, json=sent)
    assert created.status_code == 201
    employee = created.json()
    assert set(employee) == FIELDS
    assert {**employee, **sent} == employee
    assert (employee["status"], employee["photos"]) == ("active", 0)
    address = f"{BASE}/{employee['id']}"
    assert client.get(address, headers=admin).json() == employee

    changed = client.patch(address, headers=admin, json={"name": "Katherine G. Johnson", "email": None})
    assert changed.status_code == 200
    version = changed.json()["version"]
    assert version != employee["version"]
    assert changed.json() == {**employee, "name": "Katherine G. Johnson", "email": None, "version": version}

    receipt = client.delete(address, headers=admin)
    assert receipt.status_code == 200
    assert set(receipt.json()) == {
        *("id", "employee_id", "erased_at", "photos", "templates", "events_unlinked", "signature")
    }
    problem(client.get(address, headers=admin), 404, code="unknown_employee")
    assert client.delete(address, headers=admin).json() == receipt.json(), "erasing again gives the first receipt"
    problem(client.patch(address, headers=admin, json={"name": "x"}), 404)


def test_numbers_are_unique(client: TestClient, admin: Headers, ada: dict[str, Any], newcomer: Any) -> None:
    for answer in (
        client.post(BASE, headers=admin, json={"number": ada["number"], "name": "Second"}),
        client.patch(f"{BASE}/{newcomer['id']}", headers=admin, json={"number": ada["number"]}),
    ):
        problem(answer, 409, code="number_taken")


def test_lists_search_and_page(client: TestClient, admin: Headers) -> None:
    made = [
        client.post(BASE, headers=admin, json={"number": f"L-{n:02}", "name": f"Lisé Meitner {n}"}).json()
        for n in range(5)
    ]
    client.patch(f"{BASE}/{made[4]['id']}", headers=admin, json={"status": "inactive"})

    def numbers(**query: Any) -> list[str]:
        page = client.get(BASE, headers=admin, params=query).json()
        assert set(page) == {"items", "next"}
        return [e["number"] for e in page["items"]]

    assert numbers(q="LISÉ MEIT") == numbers(q="l-0") == [f"L-{n:02}" for n in range(5)]
    assert numbers(q="meitner 3") == ["L-03"]
    assert numbers(q="meitner", status="inactive") == ["L-04"]
    assert numbers(q="%") == numbers(q="_-0") == []
    seen: list[str] = []
    query: dict[str, Any] = {"q": "meitner", "limit": 2}
    for _ in range(3):
        page = client.get(BASE, headers=admin, params=query).json()
        seen += [e["number"] for e in page["items"]]
        query["cursor"] = page["next"]
    assert seen == [f"L-{n:02}" for n in range(5)] and page["next"] is None
    for employee in made:
        client.delete(f"{BASE}/{employee['id']}", headers=admin)


def test_photos_are_judged_one_by_one(client: TestClient, admin: Headers, newcomer: dict[str, Any]) -> None:
    address = f"{BASE}/{newcomer['id']}/photos"
    files = [
        *photos(*pictures.BOB),
        ("photo", ("nobody.jpg", pictures.empty(), "image/jpeg")),
        ("photo", ("notes.txt", b"no picture", "text/plain")),
        ("photo", ("half.jpg", pictures.small(pictures.BOB[0])[:9000], "image/jpeg")),
    ]
    answer = client.post(address, headers=admin, files=files)
    assert answer.status_code == 200
    results = answer.json()["photos"]
    assert all(set(r) == {"accepted", "problems", "quality", "id", "detail"} for r in results)
    assert [r["accepted"] for r in results] == [True, False, False, False]
    assert [r["problems"] for r in results] == [[], ["no_face"], ["not_an_image"], ["truncated_image"]]
    assert 0 < results[0]["quality"] <= 1 and all(r["detail"] for r in results[1:])

    page = client.get(address, headers=admin).json()
    assert set(page) == {"items", "next"} and page["next"] is None
    kept = page["items"]
    assert [set(p) for p in kept] == [{"id", "quality", "media_type", "created_at"}]
    assert kept[0]["id"] == results[0]["id"]
    one = f"{address}/{kept[0]['id']}"
    picture = client.get(one, headers=admin)
    assert picture.content == pictures.small(pictures.BOB[0], 720)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store" and picture.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{BASE}/{newcomer['id']}", headers=admin).json()["photos"] == 1

    assert client.delete(one, headers=admin).status_code == 204
    problem(client.delete(one, headers=admin), 404, code="unknown_photo")
    problem(client.get(one, headers=admin), 404, code="unknown_photo")
    assert client.get(address, headers=admin).json() == {"items": [], "next": None}
    assert client.get(f"{BASE}/{newcomer['id']}", headers=admin).json()["photos"] == 0


def test_photo_of_somebody_else_is_refused(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], nothing_stored: Any, ada: Any
) -> None:
    address = f"{BASE}/{newcomer['id']}/photos"
    client.post(address, headers=admin, files=photos(*pictures.BOB))
    with nothing_stored():
        result = client.post(address, headers=admin, files=photos(pictures.STRANGER)).json()["photos"][0]
    assert (result["accepted"], result["problems"], result["id"]) == (False, ["not_same_person"], None)


def test_person_enrolled_under_another_number_is_refused(
    client: TestClient, admin: Headers, ada: dict[str, Any], newcomer: dict[str, Any], nothing_stored: Any
) -> None:
    with nothing_stored():
        answer = client.post(f"{BASE}/{newcomer['id']}/photos", headers=admin, files=photos(pictures.ADA[1]))
    result = answer.json()["photos"][0]
    assert (result["accepted"], result["problems"]) == (False, ["already_enrolled_as"])
    assert ada["number"] in result["detail"]


def test_photos_of_an_unknown_and_of_another_employee(
    client: TestClient, admin: Headers, ada: Any, newcomer: Any
) -> None:
    unknown = f"{BASE}/01M00000000000000000000000/photos"
    problem(client.post(unknown, headers=admin, files=photos(*pictures.BOB)), 404, code="unknown_employee")
    problem(client.get(unknown, headers=admin), 404, code="unknown_employee")
    hers = client.get(f"{BASE}/{ada['id']}/photos", headers=admin).json()["items"][0]["id"]
    for call in (client.get, client.delete):
        problem(call(f"{BASE}/{newcomer['id']}/photos/{hers}", headers=admin), 404, code="unknown_photo")


def test_erased_employee_is_unknown_to_gate_and_log(
    client: TestClient, admin: Headers, gate: Headers, newcomer: dict[str, Any]
) -> None:
    address, jpeg = f"{BASE}/{newcomer['id']}", {**gate, "Content-Type": "image/jpeg"}
    client.post(f"{address}/photos", headers=admin, files=photos(*pictures.BOB))
    passed = client.post(DECISIONS, headers=jpeg, content=pictures.small(pictures.BOB[0])).json()
    assert passed["employee"]["id"] == newcomer["id"]

    receipt = client.delete(address, headers=admin).json()
    assert (receipt["photos"], receipt["templates"], receipt["events_unlinked"]) == (1, 1, 1)
    after = client.post(DECISIONS, headers=jpeg, content=pictures.small(pictures.BOB[0])).json()
    assert (after["decision"], after["reason"], after["employee"]) == ("deny", "not_recognised", None)
    event = client.get(f"/v1/events/{passed['decision_id']}", headers=admin)
    assert event.status_code == 200 and "Grace" not in event.text and newcomer["id"] not in event.text
    assert (event.json()["decision"], event.json()["employee"], event.json()["snapshot"]) == ("open", None, False)
    problem(client.get(f"/v1/events/{passed['decision_id']}/snapshot", headers=admin), 404, code="no_snapshot")
    assert client.get("/v1/audit/verify", headers=admin).json()["valid"] is True


def test_receipt_is_signed(client: TestClient, admin: Headers, newcomer: dict[str, Any]) -> None:
    receipt = client.delete(f"{BASE}/{newcomer['id']}", headers=admin).json()
    key = base64.b64decode(client.get("/v1/signing-key", headers=admin).json()["public_key"])
    signature = base64.b64decode(receipt.pop("signature"))
    Ed25519PublicKey.from_public_bytes(key).verify(signature, canonical(receipt))


@pytest.mark.parametrize("name", ['Zoë O\'Brien "Zed"', "李 小龍", "Anna 🙂", "<b>Bold</b> & Sons", "Robert'); DROP--"])
def test_names_come_back_as_they_were_sent(client: TestClient, admin: Headers, name: str) -> None:
    created = client.post(BASE, headers=admin, json={"number": f"<{name[:8]}>", "name": name})
    assert created.status_code == 201, created.text
    address = f"{BASE}/{created.json()['id']}"
    assert client.get(address, headers=admin).json()["name"] == name
    found = client.get(BASE, headers=admin, params={"q": name}).json()["items"]
    assert [e["name"] for e in found] == [name]
    client.delete(address, headers=admin)


def test_card_numbers_are_unique(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], ada: dict[str, Any]
) -> None:
    address = f"/v1/employees/{newcomer['id']}"
    assert client.patch(address, headers=admin, json={"card_number": "4711"}).json()["card_number"] == "4711"
    problem(client.patch(address, headers=admin, json={"card_number": "47 11"}), 400, code="bad_card_number")
    taken = {"number": "N-2", "name": "Somebody Else", "card_number": "4711"}
    problem(client.post("/v1/employees", headers=admin, json=taken), 409, code="card_taken")
    assert client.patch(address, headers=admin, json={"name": "Grace"}).json()["card_number"] == "4711"
    assert client.patch(address, headers=admin, json={"card_number": None}).json()["card_number"] is None
