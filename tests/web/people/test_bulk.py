"""One change of many people: each is changed as if alone, and the report names who was not, and why."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.core.people.details import Details
from app.core.types import Role
from app.wiring import System
from tests.web.conftest import Headers, TestClient, cookie, problem, sign_in

CHANGES = "/v1/employees/changes"


@pytest.fixture
def three(system: System) -> Iterator[list[str]]:
    made = [system.enrolment.add(Details(f"B-{n}", f"Bulk {name}")).id for n, name in enumerate(("Ann", "Bo", "Cy"))]
    yield made
    for one in made:
        if system.erasure.receipt(one) is None:
            system.erasure.erase(one)


@pytest.fixture
def change(client: TestClient, admin: Headers) -> Callable[..., Any]:
    def ask(ids: list[str], kind: str, **more: Any) -> Any:
        body = {"kind": kind, "employees": [one if isinstance(one, dict) else {"id": one} for one in ids], **more}
        return client.post(CHANGES, headers=admin, json=body)

    return ask


@pytest.fixture
def read(client: TestClient, admin: Headers) -> Callable[[str], dict[str, Any]]:
    return lambda one: dict(client.get(f"/v1/employees/{one}", headers=admin).json())


def test_everybody_is_changed(three: list[str], change: Any, read: Any, client: TestClient, admin: Headers) -> None:
    group = client.post("/v1/groups", headers=admin, json={"name": "Bulk Crew"}).json()["id"]
    for kind, more, seen in (
        ("suspend", {}, {"status": "inactive"}),
        ("reactivate", {}, {"status": "active"}),
        ("end_on", {"valid_until": "2030-01-31"}, {"valid_until": "2030-01-31"}),
        ("add_to_group", {"group": "bulk crew"}, {"groups": ["Bulk Crew"]}),
        ("add_to_group", {"group": "Bulk Crew"}, {"groups": ["Bulk Crew"]}),
        ("remove_from_group", {"group": "Bulk Crew"}, {"groups": []}),
    ):
        report = change(three, kind, **more).json()
        assert (report["done"], report["refused"]) == (3, 0), report
        for one in three:
            assert {**read(one), **seen} == read(one), kind
    client.delete(f"/v1/groups/{group}", headers=admin)
    assert change(three, "block", reason="Badges lost").json()["done"] == 3
    assert client.get(f"/v1/employees/{three[0]}/block", headers=admin).json()["reason"] == "Badges lost"
    report = change(three, "erase").json()
    assert [one["receipt"]["employee_id"] for one in report["results"]] == three
    assert [client.get(f"/v1/employees/{one}", headers=admin).status_code for one in three] == [404] * 3


@pytest.mark.parametrize("kind", ["suspend", "block", "erase"])
def test_who_was_changed_meanwhile_stays_and_the_others_do_not(
    kind: str, three: list[str], change: Any, read: Any, client: TestClient, admin: Headers
) -> None:
    chosen = [{"id": one, "version": read(one)["version"]} for one in three]
    client.patch(f"/v1/employees/{three[1]}", headers=admin, json={"name": "Bulk Beatrice"})
    before = read(three[1])
    report = change([*chosen, {"id": "nobody"}], kind, reason="Lost").json()
    assert (report["done"], report["refused"]) == (2, 2)
    assert [one["error"] for one in report["results"]] == [None, "employee_changed", None, "unknown_employee"]
    assert all(one["detail"] for one in report["results"] if not one["done"])
    assert read(three[1]) == before


def test_one_who_cannot_be_changed_is_reported(three: list[str], change: Any, system: System) -> None:
    system.enrolment.update(three[0], lambda e: Details(e.number, e.name, valid_from=system.clock().date()))
    report = change(three, "end_on", valid_until="2020-01-01").json()
    assert [one["error"] for one in report["results"]] == ["bad_valid_until", None, None]


@pytest.mark.parametrize(
    ("kind", "more", "status", "code"),
    [
        ("block", {}, 400, "bad_block_reason"),
        ("block", {"reason": " "}, 400, "bad_block_reason"),
        ("end_on", {}, 400, "bad_valid_until"),
        ("add_to_group", {}, 400, "bad_groups"),
        ("add_to_group", {"group": "No Such Group"}, 404, "unknown_entry"),
        ("fire", {}, 422, "malformed_request"),
        ("suspend", {"salary": 1}, 422, "malformed_request"),
    ],
)
def test_change_that_cannot_be_changes_nobody(
    kind: str, more: dict[str, Any], status: int, code: str, three: list[str], change: Any, read: Any
) -> None:
    before = [read(one) for one in three]
    problem(change(three, kind, **more), status, code=code)
    assert [read(one) for one in three] == before


def test_too_many_and_none_are_refused(change: Any) -> None:
    problem(change([], "suspend"), 422)
    problem(change(["x"] * 101, "suspend"), 422)


def test_only_admins(client: TestClient, three: list[str], security: Headers, system: System) -> None:
    body = {"kind": "suspend", "employees": [{"id": three[0]}]}
    problem(client.post(CHANGES, headers=security, json=body), 403)
    problem(client.post(CHANGES, json=body), 401)
    guard = cookie(sign_in(system, Role.SECURITY))
    assert client.get("/employees/matching", headers=guard).status_code == 403


def test_list_is_filtered_sorted_and_read_to_its_end(client: TestClient, system: System, three: list[str]) -> None:
    person = cookie(sign_in(system, Role.ADMIN))
    matching = client.get("/employees/matching", headers=person, params={"q": "bulk", "sort": "number"}).json()[
        "people"
    ]
    assert [(name, number) for _, _, name, number in matching] == [
        ("Bulk Ann", "B-0"), ("Bulk Bo", "B-1"), ("Bulk Cy", "B-2"),
    ]  # fmt: skip
    page = client.get("/employees", headers=person, params={"q": "bo bulk", "part": "true"})
    assert "Bulk Bo" in page.text and "Bulk Ann" not in page.text and "1 of" in page.text
    system.enrolment.update(three[2], lambda e: Details(e.number, e.name, valid_until=system.clock().date()))
    shown = client.get("/employees", headers=person, params={"show": "expiring", "q": "bulk"}).text
    assert "Bulk Cy" in shown and "Bulk Bo" not in shown
    assert "No matches" in client.get("/employees", headers=person, params={"q": "bulk", "show": "one_photo"}).text
    turned = client.get("/employees", headers=person, params={"q": "bulk", "sort": "name", "turned": "true"}).text
    assert turned.index("Bulk Cy") < turned.index("Bulk Ann") and 'aria-sort="descending"' in turned
    assert client.get("/employees", headers=person, params={"sort": "salary"}).status_code == 422
