"""Pages of who may pass: for whom they are, and what they say to addresses that make no sense."""

import pytest

from app.core.types import Role
from app.wiring import System
from tests.web.conftest import GATE, TestClient, cookie, sign_in

RULES = ["/access/rules", "/access/rules/new", "/access/rules/matrix", "/access/zones"]
ADMIN_PAGES = [*RULES, "/gates", f"/gates/{GATE}"]
FOR_ALL = [f"/access/who?gate={GATE}", f"/access/who.csv?gate={GATE}", "/access/who/explain", "/access/who"]


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_rules_and_gates_are_for_admins(client: TestClient, system: System, path: str) -> None:
    assert client.get(path, headers=cookie(sign_in(system, Role.ADMIN))).status_code == 200
    assert client.get(path, headers=cookie(sign_in(system, Role.SECURITY, Role.VIEWER))).status_code == 403
    assert client.get(path).status_code == 303


@pytest.mark.parametrize("path", FOR_ALL)
def test_everybody_who_watches_may_ask_who_may_pass(client: TestClient, system: System, path: str) -> None:
    assert client.get(path, headers=cookie(sign_in(system, Role.VIEWER))).status_code == 200
    assert client.get(path).status_code == 303


def test_guards_see_grants_and_viewers_do_not(client: TestClient, system: System) -> None:
    assert client.get("/access/grants", headers=cookie(sign_in(system, Role.SECURITY))).status_code == 200
    assert client.get("/access/grants", headers=cookie(sign_in(system, Role.VIEWER))).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/access/rules/nothing", 404, "There is no such rule"),
        ("/gates/nothing", 404, "There is no gate of that name"),
        ("/access/who?gate=nothing", 404, "There is no gate of that name"),
        (f"/access/who?gate={GATE}&at=yesterday", 200, "This is not a time"),
        (f"/access/who?gate={GATE}&at=1990-01-01T08:00", 200, "within ten years"),
        (f"/access/who/explain?gate={GATE}&employee=nobody", 200, "There is no employee with that id or number"),
        (f"/access/who/explain?gate={GATE}&employee=E-1&at=99999", 200, "This is not a time"),
        ("/access/rules?employee=nobody", 200, "There is no employee with this number"),
        ("/access/rules?employee=%00", 422, "control characters"),
    ],
)
def test_malformed_address_gets_an_explanation(
    client: TestClient, system: System, path: str, status: int, words: str
) -> None:
    page = client.get(path, headers={**cookie(sign_in(system, Role.ADMIN)), "Accept": "text/html"})
    assert page.status_code == status
    assert words in page.text


def test_a_cell_of_the_csv_is_no_formula(client: TestClient, system: System, admin: dict[str, str]) -> None:
    made = client.post("/v1/employees", headers=admin, json={"number": "Z-1", "name": "=cmd()"}).json()
    try:
        text = client.get(f"/access/who.csv?gate={GATE}", headers=cookie(sign_in(system, Role.VIEWER))).text
        assert "Z-1,'=cmd()," in text
    finally:
        client.delete(f"/v1/employees/{made['id']}", headers=admin)


def test_one_person_is_found_by_name_and_several_are_offered(
    client: TestClient, system: System, admin: dict[str, str]
) -> None:
    made = [
        client.post("/v1/employees", headers=admin, json={"number": number, "name": name}).json()["id"]
        for number, name in (("Q-1", "Zelda <b>Quist</b>"), ("Q-2", "Zeno Quist"))
    ]
    client.patch(f"/v1/employees/{made[1]}", headers=admin, json={"status": "inactive"})
    guard = cookie(sign_in(system, Role.SECURITY))
    try:
        several = client.get(f"/access/who/explain?gate={GATE}&employee=quist", headers=guard).text
        assert "Who is meant?" in several and "Zelda &lt;b&gt;Quist" in several and "Suspended" in several
        one = client.get(f"/access/who/explain?gate={GATE}&employee=zeno", headers=guard).text
        assert "May Zeno Quist pass" in one and "Zeno Quist is suspended" in one and "has no photo" in one
        assert f"/employees/{made[1]}" not in one, "a guard looks, and edits nothing"
    finally:
        for employee in made:
            client.delete(f"/v1/employees/{employee}", headers=admin)
