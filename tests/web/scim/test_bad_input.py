"""Hostile and broken requests: each gets SCIM's error, costs nothing, and leaves everybody as they were."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core.types import Role
from app.wiring import System
from tests.web.conftest import Headers, TestClient, bearer, cookie, sign_in
from tests.web.scim.conftest import GROUPS, PATCH, USERS, Call

Json = dict[str, Any]


def refused(answer: Any, status: int) -> str:
    """Checks that it is SCIM's error. Returns its kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    body = answer.json()
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"] and body["status"] == str(status)
    return str(body.get("scimType", ""))


def test_only_a_directorys_key_is_let_in(
    client: TestClient, system: System, admin: Headers, security: Headers, gate: Headers, scim_key: Headers
) -> None:
    refused(client.get("/scim/v2/Users"), 401)
    refused(client.get("/scim/v2/Users", headers=bearer("fg_directory_" + "A" * 43)), 401)
    refused(client.post("/scim/v2/Users", json={"userName": "x"}), 401)
    for headers in (admin, security, gate, cookie(sign_in(system, Role.ADMIN))):
        refused(client.get("/scim/v2/Users", headers=headers), 403)
    for path in ("/v1/employees", "/v1/keys", "/v1/events", "/v1/directories"):
        assert client.get(path, headers=scim_key).status_code == 403, "and it opens nothing else"
    assert client.post("/v1/release", headers=scim_key, json={}).status_code in (403, 422)


def test_revoked_key_is_refused_at_once(client: TestClient, system: System, sender: str) -> None:
    secret, key = system.keys.create(Role.DIRECTORY, directory_id=sender)
    assert client.get("/scim/v2/Users", headers=bearer(secret)).status_code == 200
    system.keys.revoke(key.id)
    refused(client.get("/scim/v2/Users", headers=bearer(secret)), 401)


def test_directory_key_needs_a_directory(client: TestClient, admin: Headers) -> None:
    assert client.post("/v1/keys", headers=admin, json={"role": "directory"}).json()["error"] == "bad_role"


FILTERS = {
    "nested": "(" * 1000 + 'userName eq "x"' + ")" * 1000,
    "not not not": "not (" * 200 + "userName pr" + ")" * 200,
    "long": 'userName eq "' + "x" * 5000 + '"',
    "no operator": 'userName "x"',
    "SQL": "userName eq 'x'; DROP TABLE employees; --",
    "control characters": 'userName eq "\x00\x1b"x',
    "value paths in value paths": "emails[" * 30 + "value pr" + "]" * 30,
}


@pytest.mark.parametrize("filter_", FILTERS.values(), ids=FILTERS.keys())
def test_bad_filter_is_refused_soon(scim: Call, filter_: str) -> None:
    began = time.perf_counter()
    assert refused(scim("GET", "/Users", params={"filter": filter_}), 400) == "invalidFilter"
    assert time.perf_counter() - began < 5


BODIES: dict[str, tuple[str, Any, int]] = {
    "no userName": ("/Users", {"schemas": [USERS]}, 400),
    "userName of another type": ("/Users", {"schemas": [USERS], "userName": {"x": 1}}, 400),
    "userName of 10,000 characters": ("/Users", {"schemas": [USERS], "userName": "x" * 10_000}, 400),
    "e-mail of 10,000 characters": (
        "/Users",
        {"schemas": [USERS], "userName": "mail", "emails": [{"value": "x" * 10_000 + "@x.org"}]},
        400,
    ),
    "no e-mail": ("/Users", {"schemas": [USERS], "userName": "mail", "emails": [{"value": "nobody"}]}, 400),
    "control characters in a name": ("/Users", {"schemas": [USERS], "userName": "n", "displayName": "A\x1b[2J"}, 400),
    "reordered text": ("/Users", {"schemas": [USERS], "userName": "n", "displayName": "A\u202eB"}, 400),
    "another schema": ("/Users", {"schemas": ["urn:nothing"], "userName": "n"}, 400),
    "a list": ("/Users", [1, 2], 400),
    "a group of nobody": ("/Groups", {"schemas": [GROUPS], "displayName": "G", "members": [{"value": "x"}]}, 400),
    "a group without a name": ("/Groups", {"schemas": [GROUPS]}, 400),
    "a group's name of 300 characters": ("/Groups", {"schemas": [GROUPS], "displayName": "g" * 300}, 400),
    "bulk": ("/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": []}, 501),
}


@pytest.mark.parametrize(("path", "body", "status"), BODIES.values(), ids=BODIES.keys())
def test_bad_body_is_refused(scim: Call, system: System, path: str, body: Any, status: int) -> None:
    with system.store.read() as tx:
        before = tx.employees.count(), len(tx.rules.all().groups)
    refused(scim("POST", path, body), status)
    with system.store.read() as tx:
        assert (tx.employees.count(), len(tx.rules.all().groups)) == before


def test_body_that_is_no_json_is_refused(client: TestClient, scim_key: Headers) -> None:
    for content in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"schemas": NaN}'):
        headers = {**scim_key, "Content-Type": "application/scim+json"}
        refused(client.post("/scim/v2/Users", headers=headers, content=content), 400)
    refused(client.post("/scim/v2/Users", headers={**scim_key, "Content-Type": "text/xml"}, content=b"<x/>"), 415)
    huge = json.dumps({"schemas": [USERS], "userName": "x", "x": "y" * 3_000_000}).encode()
    assert client.post("/scim/v2/Users", headers=scim_key, content=huge).status_code == 413


OPERATIONS: dict[str, Any] = {
    "a path that does not exist, of 1 MB": {"op": "replace", "path": "x" * 1_000_000, "value": 1},
    "a path that is no path": {"op": "replace", "path": "emails[", "value": 1},
    "no value": {"op": "replace", "path": "displayName"},
    "another operation": {"op": "explode", "path": "displayName", "value": "x"},
    "the id": {"op": "replace", "path": "id", "value": "01OTHER"},
    "no userName any more": {"op": "remove", "path": "userName"},
    "active is a word": {"op": "replace", "path": "active", "value": "perhaps"},
    "nothing": None,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_bad_patch_changes_nobody(scim: Call, user: Json, operation: Any) -> None:
    refused(scim("PATCH", f"/Users/{user['id']}", {"schemas": [PATCH], "Operations": [operation]}), 400)
    assert scim("GET", f"/Users/{user['id']}").json() == user


def test_same_user_twice_at_once_is_there_once(scim: Call, system: System) -> None:
    body = {"schemas": [USERS], "userName": "twice@example.org"}
    with ThreadPoolExecutor(4) as pool:
        answers = [one.status_code for one in pool.map(lambda _: scim("POST", "/Users", body), range(4))]
    assert sorted(answers) == [201, 409, 409, 409]


def test_rename_onto_a_taken_name_is_refused(scim: Call, user: Json) -> None:
    other = scim("POST", "/Users", {"schemas": [USERS], "userName": "taken@example.org"}).json()
    body = {
        "schemas": [PATCH],
        "Operations": [{"op": "replace", "path": "userName", "value": user["userName"].title()}],
    }
    assert refused(scim("PATCH", f"/Users/{other['id']}", body), 409) == "uniqueness"


def test_unknown_addresses_and_methods_are_refused(scim: Call, user: Json) -> None:
    for path in ("/Users/01NOBODY", "/Nothing", "/Users/01NOBODY/x", "/Groups/" + user["id"], "/../v1/keys"):
        assert scim("GET", path).status_code in (403, 404)
    refused(scim("POST", f"/Users/{user['id']}", {}), 405)
    refused(scim("DELETE", "/Users/01NOBODY"), 404)


def test_local_employee_is_out_of_a_directorys_reach(
    client: TestClient, admin: Headers, scim: Call, system: System
) -> None:
    local = client.post("/v1/employees", headers=admin, json={"number": "L-1", "name": "Local"}).json()
    refused(scim("GET", f"/Users/{local['id']}"), 404)
    refused(scim("DELETE", f"/Users/{local['id']}"), 404)
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    refused(scim("PATCH", f"/Users/{local['id']}", body), 404)
    assert system.enrolment.get(local["id"]).status == "active"
    client.delete(f"/v1/employees/{local['id']}", headers=admin)
