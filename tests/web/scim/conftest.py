"""A directory with a key, as Entra ID or Okta is given it."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from httpx2 import Response

from app.core.types import Role
from app.wiring import System
from tests.web.conftest import Headers, TestClient, bearer

USERS = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUPS = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Call = Callable[..., Response]
_numbers = count(1)


@pytest.fixture(scope="module")
def sender(system: System, request: pytest.FixtureRequest) -> Iterator[str]:
    """Its id. It goes afterwards, with everybody whom it sent."""
    made = system.directories.add(request.module.__name__)
    yield made.id
    with system.store.read() as tx:
        sent = [one.employee_id for one in tx.directories.people(made.id)]
        groups = [one.group_id for one in tx.directories.groups(made.id)]
    for employee_id in sent:
        system.erasure.erase(employee_id)
    with system.store.write() as tx:
        for group_id in groups:
            system.group_sync.remove(tx, made.id, group_id, None)
    system.directories.remove(made.id)


@pytest.fixture(scope="module")
def scim_key(system: System, sender: str) -> Headers:
    return bearer(system.keys.create(Role.DIRECTORY, directory_id=sender)[0])


@pytest.fixture
def scim(client: TestClient, scim_key: Headers) -> Call:
    """Calls the directory's address: method, path below /scim/v2, a body."""

    def call(method: str, path: str, body: Any = None, **more: Any) -> Response:
        headers = {**scim_key, "Content-Type": "application/scim+json", **more.pop("headers", {})}
        answer: Response = client.request(method, f"/scim/v2{path}", headers=headers, json=body, **more)
        return answer

    return call


@pytest.fixture
def user(scim: Call) -> dict[str, Any]:
    """Somebody new, as the answer to their creation shows them."""
    number = next(_numbers)
    body = {
        "schemas": [USERS, ENTERPRISE],
        "externalId": f"ext-{number}",
        "userName": f"user{number}@example.org",
        "displayName": f"User {number}",
        "name": {"givenName": "User", "familyName": str(number), "formatted": f"User {number}"},
        "emails": [{"value": f"user{number}@example.org", "type": "work", "primary": True}],
        "active": True,
        ENTERPRISE: {"employeeNumber": f"N-{number}"},
    }
    answer = scim("POST", "/Users", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def group(scim: Call, user: dict[str, Any]) -> dict[str, Any]:
    """A new group with `user` in it."""
    body = {"schemas": [GROUPS], "displayName": f"Group {next(_numbers)}", "members": [{"value": user["id"]}]}
    answer = scim("POST", "/Groups", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
