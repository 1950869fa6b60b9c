"""The documented requests of Entra ID and of Okta, each as it comes over the wire, and what holds afterwards.

Sources: Microsoft, "Develop and plan provisioning for a SCIM endpoint" and "Known issues with SCIM 2.0 protocol
compliance"; Okta, "SCIM protocol" and "Understanding SCIM". Read 2026-11.
"""

from typing import Any

import pytest

from app.core.types import Status
from app.wiring import System
from tests.web.scim.conftest import ENTERPRISE, GROUPS, PATCH, USERS, Call

Json = dict[str, Any]


def patch(*operations: Json) -> Json:
    return {"schemas": [PATCH], "Operations": list(operations)}


OFF = {
    "Entra: capital Replace, a string": patch({"op": "Replace", "path": "active", "value": "False"}),
    "Entra: a boolean": patch({"op": "Replace", "path": "active", "value": False}),
    "Entra: no path": patch({"op": "replace", "value": {"active": False}}),
    "Entra: no path, a string": patch({"op": "Replace", "value": {"active": "False"}}),
    "Entra: add": patch({"op": "Add", "path": "active", "value": "False"}),
    "Okta: no path": patch({"op": "replace", "value": {"active": False}}),
    "with its schema": patch({"op": "replace", "path": f"{USERS}:active", "value": False}),
    "lower case operations": {
        "schemas": [PATCH],
        "Operations": [{"op": "replace", "path": "ACTIVE", "value": "false"}],
    },
    "beside others": patch(
        {"op": "Replace", "path": "displayName", "value": "Somebody else"},
        {"op": "Replace", "path": "active", "value": "False"},
    ),
}


@pytest.mark.parametrize("body", OFF.values(), ids=OFF.keys())
def test_leaver_is_off_the_doors(scim: Call, system: System, user: Json, body: Json) -> None:
    answer = scim("PATCH", f"/Users/{user['id']}", body)
    assert answer.status_code == 200 and answer.json()["active"] is False, answer.text
    assert system.enrolment.get(user["id"]).status is Status.INACTIVE
    again = scim("PATCH", f"/Users/{user['id']}", patch({"op": "Replace", "path": "active", "value": "True"}))
    assert again.json()["active"] is True
    assert system.enrolment.get(user["id"]).status is Status.ACTIVE


CHANGES: dict[str, tuple[Json, str, Any]] = {
    "Entra: a name with a path": (
        patch({"op": "Replace", "path": "name.familyName", "value": "King"}),
        "name.familyName",
        "King",
    ),
    "Entra: many without a path": (
        patch({"op": "replace", "value": {"displayName": "Ada King", "name.givenName": "Ada"}}),
        "displayName",
        "Ada King",
    ),
    "Entra: an e-mail by a filter": (
        patch({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@example.org"}),
        "emails.0.value",
        "new@example.org",
    ),
    "Entra: an employee number by its schema": (
        patch({"op": "Add", "path": f"{ENTERPRISE}:employeeNumber", "value": "N-99001"}),
        f"{ENTERPRISE}.employeeNumber",
        "N-99001",
    ),
    "Entra: an external id": (patch({"op": "Add", "path": "externalId", "value": "moved"}), "externalId", "moved"),
    "Okta: without a path": (
        patch({"op": "replace", "value": {"displayName": "Ada from Okta"}}),
        "displayName",
        "Ada from Okta",
    ),
    "a user name": (
        patch({"op": "replace", "path": "userName", "value": "ada.king@example.org"}),
        "userName",
        "ada.king@example.org",
    ),
}


@pytest.mark.parametrize(("body", "path", "value"), CHANGES.values(), ids=CHANGES.keys())
def test_change_is_kept_and_answered(scim: Call, user: Json, body: Json, path: str, value: object) -> None:
    answer = scim("PATCH", f"/Users/{user['id']}", body)
    assert answer.status_code == 200, answer.text
    assert _at(answer.json(), path) == value
    assert _at(scim("GET", f"/Users/{user['id']}").json(), path) == value


IGNORED = {
    "Entra: a manager as a list": patch(
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"$ref": "../Users/1", "value": "1"}]}
    ),
    "Entra: a manager by id": patch({"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "1"}),
    "Entra: a department": patch({"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Engines"}),
    "Entra: an address by a filter": patch(
        {"op": "Add", "path": 'addresses[type eq "work"].formatted', "value": "1 Main St"}
    ),
    "Entra: a telephone": patch({"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"}),
    "Entra: a title": patch({"op": "Add", "path": "title", "value": "Countess"}),
    "Okta: a password": patch({"op": "replace", "value": {"password": "GeheimGeheim"}}),
}


@pytest.mark.parametrize("body", IGNORED.values(), ids=IGNORED.keys())
def test_what_nobody_needs_is_dropped_without_an_error(scim: Call, user: Json, body: Json) -> None:
    answer = scim("PATCH", f"/Users/{user['id']}", body)
    assert answer.status_code == 200, answer.text
    without = {key: value for key, value in answer.json().items() if key != "meta"}
    assert without == {key: value for key, value in user.items() if key != "meta"}


def test_entra_tests_the_connection_by_a_random_name(scim: Call) -> None:
    answer = scim("GET", '/Users?filter=userName+eq+"0f3c9f0e-5f5c-4a8e-9a59-6d3c46ad2f9c"')
    assert answer.status_code == 200 and answer.json()["totalResults"] == 0 and answer.json()["Resources"] == []


@pytest.mark.parametrize("name", ["userName", "USERNAME", f"{USERS}:userName"])
def test_user_is_found_by_name_whatever_its_case(scim: Call, user: Json, name: str) -> None:
    found = scim("GET", "/Users", params={"filter": f'{name} eq "{user["userName"].upper()}"'}).json()
    assert [one["id"] for one in found["Resources"]] == [user["id"]]


def test_user_is_found_by_external_id_and_by_more(scim: Call, user: Json) -> None:
    for asked in (
        f'externalId eq "{user["externalId"]}"',
        f'emails.value eq "{user["emails"][0]["value"]}"',
        f'emails[type eq "work"].value eq "{user["emails"][0]["value"]}"',
        f'id eq "{user["id"]}" and active eq true',
        f'userName sw "{user["userName"][:6]}" and externalId eq "{user["externalId"]}"',
    ):
        found = scim("GET", "/Users", params={"filter": asked}).json()
        assert [one["id"] for one in found["Resources"]] == [user["id"]], asked


def test_okta_lists_pages_and_puts_the_whole_user(scim: Call, system: System, user: Json) -> None:
    page = scim("GET", "/Users?startIndex=1&count=2").json()
    assert page["startIndex"] == 1 and page["itemsPerPage"] <= 2 <= page["totalResults"] + 1
    body = {**user, "displayName": "From Okta", "active": False, "groups": [], "meta": {"resourceType": "User"}}
    answer = scim("PUT", f"/Users/{user['id']}", body)
    assert answer.status_code == 200 and answer.json()["active"] is False, answer.text
    employee = system.enrolment.get(user["id"])
    assert (employee.name, employee.status) == ("From Okta", Status.INACTIVE)


def test_okta_creates_without_a_number(scim: Call, system: System) -> None:
    body = {
        "schemas": [USERS],
        "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    answer = scim("POST", "/Users", body)
    assert answer.status_code == 201 and "password" not in answer.text, answer.text
    assert answer.headers["location"].endswith(f"/scim/v2/Users/{answer.json()['id']}")
    assert system.enrolment.get(answer.json()["id"]).number == "test.user@okta.local"
    assert scim("POST", "/Users", body).status_code == 409


def test_entra_creates_a_group_with_a_schema_of_its_own(scim: Call) -> None:
    body = {
        "schemas": [GROUPS, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Shapes of Entra",
        "meta": {"resourceType": "Group"},
    }
    answer = scim("POST", "/Groups", body)
    assert answer.status_code == 201 and answer.json()["externalId"] == body["externalId"], answer.text
    found = scim("GET", '/Groups?excludedAttributes=members&filter=displayName+eq+"Shapes of Entra"').json()
    assert found["totalResults"] == 1 and "members" not in found["Resources"][0]


MEMBERS: dict[str, tuple[Json, bool]] = {
    "Entra: legacy remove with a value": ({"op": "Remove", "path": "members", "value": [{"value": "{id}"}]}, False),
    "Entra: remove with a null reference": (
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "{id}"}]},
        False,
    ),
    "Entra, Okta: remove by a filter": ({"op": "remove", "path": 'members[value eq "{id}"]'}, False),
    "Entra: add again": ({"op": "Add", "path": "members", "value": [{"$ref": None, "value": "{id}"}]}, True),
    "Okta: replace all": ({"op": "replace", "path": "members", "value": [{"value": "{id}", "display": "x"}]}, True),
    "Okta: remove all": ({"op": "remove", "path": "members"}, False),
    "no path": ({"op": "add", "value": {"members": [{"value": "{id}"}]}}, True),
}


@pytest.mark.parametrize(("operation", "stays"), MEMBERS.values(), ids=MEMBERS.keys())
def test_members_come_and_go(scim: Call, system: System, user: Json, group: Json, operation: Json, stays: bool) -> None:
    answer = scim("PATCH", f"/Groups/{group['id']}", patch(_filled(operation, user["id"])))
    assert answer.status_code == 204 and not answer.content, answer.text
    members = [one["value"] for one in scim("GET", f"/Groups/{group['id']}").json().get("members", [])]
    assert members == ([user["id"]] if stays else [])
    assert (group["displayName"] in system.enrolment.get(user["id"]).groups) is stays


def test_group_is_renamed_with_its_members(scim: Call, system: System, user: Json, group: Json) -> None:
    body = patch({"op": "Replace", "path": "displayName", "value": f"{group['displayName']} renamed"})
    assert scim("PATCH", f"/Groups/{group['id']}", body).status_code == 204
    assert system.enrolment.get(user["id"]).groups == (f"{group['displayName']} renamed",)
    okta = patch({"op": "replace", "value": {"id": group["id"], "displayName": group["displayName"]}})
    assert scim("PATCH", f"/Groups/{group['id']}", okta).status_code == 204
    assert scim("GET", f"/Users/{user['id']}").json()["groups"] == [
        {"value": group["id"], "display": group["displayName"]}
    ]


def test_versions_guard_against_two_at_once(scim: Call, user: Json) -> None:
    first = user["meta"]["version"]
    body = patch({"op": "replace", "path": "displayName", "value": "First"})
    assert scim("PATCH", f"/Users/{user['id']}", body, headers={"If-Match": first}).status_code == 200
    assert scim("PATCH", f"/Users/{user['id']}", body, headers={"If-Match": first}).status_code == 412
    assert scim("GET", f"/Users/{user['id']}", headers={"If-None-Match": 'W/"2"'}).status_code == 304


def _filled(value: Any, employee_id: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, employee_id) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, employee_id) for one in value]
    return value.replace("{id}", employee_id) if isinstance(value, str) else value


def _at(body: Any, path: str) -> Any:
    schema, _, rest = path.rpartition(":User.")
    steps = [f"{schema}:User", *rest.split(".")] if schema else path.split(".")
    for step in steps:
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body
