"""Texts that people are called by: what could deceive a reader, a terminal or a database is refused, with the rule."""

from typing import Any

import pytest

from tests.web.conftest import Headers, TestClient, problem

HOSTILE = {
    "nothing": '""',
    "spaces": '"   "',
    "10,000 characters": '"' + "n" * 10_000 + '"',
    "201 characters": '"' + "n" * 201 + '"',
    "a NUL": '"a\\u0000b"',
    "a newline": '"a\\nb"',
    "an escape": '"a\\u001b[31mb"',
    "a delete": '"a\\u007fb"',
    "a C1 control": '"a\\u009bb"',
    "a lone surrogate": '"a\\ud800b"',
    "a low surrogate": '"a\\udc00b"',
    "a right-to-left override": '"a\\u202eb"',
    "an isolate": '"a\\u2066b"',
    "a private character": '"a\\ue000b"',
    "a noncharacter": '"a\\uffffb"',
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("field", ["name", "number", "groups", "legal_basis", "email"])
def test_deceptive_text_is_refused(
    client: TestClient, admin: Headers, newcomer: dict[str, Any], nothing_stored: Any, field: str, case: str
) -> None:
    value = f"[{HOSTILE[case]}]" if field == "groups" else HOSTILE[case]
    body = {"number": '"T-1"', "name": '"Test"', field: value}
    content = "{" + ",".join(f'"{name}":{text}' for name, text in body.items()) + "}"
    headers = {**admin, "Content-Type": "application/json"}
    address = f"/v1/employees/{newcomer['id']}"
    with nothing_stored():
        created = client.post("/v1/employees", headers=headers, content=content.encode())
        patched = client.patch(address, headers=headers, content=f'{{"{field}":{value}}}'.encode())
    for answer in (created, patched):
        detail = problem(answer, 400, 422)["detail"]
        assert field in detail or (field, "e-mail" in detail) == ("email", True)
        assert "nnnn" not in answer.text
    assert client.get(address, headers=admin).json() == newcomer


NUMBERS = ("E'1", 'E"1', "1; DROP TABLE employees", "<script>alert(1)</script>", "%", "_", "ä-1", "a/b?c#d", "0 0")


@pytest.mark.parametrize("number", NUMBERS)
def test_number_is_only_text(client: TestClient, admin: Headers, number: str) -> None:
    created = client.post("/v1/employees", headers=admin, json={"number": number, "name": "Numbered"})
    assert created.status_code == 201
    found = client.get("/v1/employees", headers=admin, params={"q": number}).json()["items"]
    assert [e["number"] for e in found] == [number]
    problem(client.post("/v1/employees", headers=admin, json={"number": number, "name": "Again"}), 409)
    assert client.delete(f"/v1/employees/{created.json()['id']}", headers=admin).status_code == 200


@pytest.mark.parametrize("number", [" a", "a ", "a" * 65])
def test_number_that_looks_like_another(client: TestClient, admin: Headers, number: str, nothing_stored: Any) -> None:
    with nothing_stored():
        body = {"number": number, "name": "Numbered"}
        problem(client.post("/v1/employees", headers=admin, json=body), 400, code="bad_number")


@pytest.mark.parametrize("groups", [["g"] * 51, ["g" * 65]])
def test_too_much_of_a_group(client: TestClient, admin: Headers, groups: list[str], nothing_stored: Any) -> None:
    with nothing_stored():
        body = {"number": "G-1", "name": "Grouped", "groups": groups}
        problem(client.post("/v1/employees", headers=admin, json=body), 400, code="bad_groups")


@pytest.mark.parametrize("q", ["'", '"', "\\", "%", "_", "' OR 1=1 --", "\U0001f642", "a" * 200])
def test_search_is_only_text(client: TestClient, admin: Headers, q: str, ada: Any) -> None:
    answer = client.get("/v1/employees", headers=admin, params={"q": q})
    assert answer.status_code == 200 and answer.json() == {"items": [], "next": None}
