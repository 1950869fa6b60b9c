"""People over HTTP: sessions and their cookies, changes that prove where they come from, users and their links."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from app.core.types import Role
from app.services.accounts.sessions import csrf_of
from app.web.app import create_app
from app.wiring import System
from tests.web.conftest import Headers, TestClient, cookie, problem, sign_in

PASSWORD, OTHER = "a river runs uphill", "seven boats, no harbour"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_numbers = count(1)


@pytest.fixture
def name(system: System) -> str:
    """Of a new admin with a password."""
    name = f"ada {next(_numbers)}"
    system.accounts.users.add(name, frozenset({Role.ADMIN}), PASSWORD)
    return name


@pytest.fixture
def browser(client: TestClient) -> Iterator[TestClient]:
    """Keeps cookies for this test only."""
    client.cookies.clear()
    yield client
    client.cookies.clear()


def enter(browser: TestClient, name: str, password: str = PASSWORD, **headers: str) -> Any:
    return browser.post("/signin", data={"name": name, "password": password, "next": "/docs"}, headers=headers)


def test_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(browser: TestClient, name: str) -> None:
    answer = enter(browser, name)
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    session, mark = answer.headers.get_list("set-cookie")
    for wanted in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert wanted in session and wanted in mark
    assert session.startswith("facegate=") and "Max-Age" not in session, "it ends with the browser"
    assert "Secure" not in session, "this was http"
    assert browser.get("/v1/users").status_code == 200


def test_over_https_the_cookie_is_this_hosts_alone(system: System, name: str) -> None:
    with TestClient(create_app(system), base_url="https://gate.example", follow_redirects=False) as browser:
        session, _ = enter(browser, name).headers.get_list("set-cookie")
        assert session.startswith("__Host-facegate=") and "Secure" in session
        token = session.partition("=")[2].partition(";")[0]
        assert browser.get("/v1/users").status_code == 200
        browser.cookies.clear()
        problem(browser.get("/v1/users", headers={"Cookie": f"facegate={token}"}), 401, code="key_required")


def test_wrong_name_and_wrong_password_get_the_same_page(browser: TestClient, name: str) -> None:
    pages = [enter(browser, who, word) for who, word in ((name, "wrong"), ("nobody at all", PASSWORD))]
    assert [page.status_code for page in pages] == [400, 400]
    assert all("Name or password is wrong" in page.text and PASSWORD not in page.text for page in pages)
    assert not browser.cookies


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_cross_site_form_signs_nobody_in(browser: TestClient, name: str, headers: Headers) -> None:
    problem(enter(browser, name, **headers), 403, code="cross_site_form")
    assert not browser.cookies


def test_change_by_session_needs_a_csrf_token(client: TestClient, system: System) -> None:
    token = sign_in(system, Role.ADMIN)
    other = csrf_of(sign_in(system, Role.ADMIN))
    session = {"Cookie": f"facegate={token}"}
    body = {"name": f"bob {next(_numbers)}", "roles": ["viewer"]}
    for proof in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other}, {"X-CSRF-Token": token}, {"X-CSRF-Token": "é"}):
        headers = [(k.encode(), v.encode()) for k, v in {**session, **proof}.items()]
        problem(client.post("/v1/users", json=body, headers=headers), 403, code="csrf_token_invalid")
    for method in ("post", "put", "patch", "delete"):
        problem(client.request(method, "/v1/users/x", headers=session), 403, 405)
    assert client.get("/v1/users", headers=session).status_code == 200
    assert client.post("/v1/users", json=body, headers=cookie(token)).status_code == 201


def test_form_carries_its_csrf_token(client: TestClient, system: System) -> None:
    token = sign_in(system, Role.VIEWER)
    session = {"Cookie": f"facegate={token}"}
    problem(client.post("/signout", headers=session), 403, code="csrf_token_invalid")
    problem(client.post("/signout", headers=session, data={"csrf": "x"}), 403, code="csrf_token_invalid")
    answer = client.post("/signout", headers=session, data={"csrf": csrf_of(token)})
    assert answer.headers["location"] == "/signin?left=1" and 'facegate="";' in answer.headers["set-cookie"]
    problem(client.get("/v1/events", headers=session), 401, code="signed_out")


def test_key_takes_precedence_over_a_cookie(client: TestClient, system: System, security: Headers) -> None:
    both = {**cookie(sign_in(system, Role.ADMIN)), **security}
    problem(client.get("/v1/users", headers=both), 403, code="wrong_role")


@pytest.mark.parametrize("path", ["/users", "/signins", "/keys", "/account"])
def test_pages_redirect_to_sign_in_and_back(client: TestClient, system: System, path: str) -> None:
    answer = client.get(path, params={"a": "b"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/signin?next=%2F{path[1:]}%3Fa%3Db"
    viewer = client.get(path, headers={**cookie(sign_in(system, Role.VIEWER)), "Accept": "text/html"})
    assert viewer.status_code == (200 if path == "/account" else 403)
    assert path == "/account" or "role admin" in viewer.text


def test_navigation_shows_only_permitted_pages(client: TestClient, system: System) -> None:
    admin = client.get("/account", headers=cookie(sign_in(system, Role.ADMIN))).text
    viewer = client.get("/account", headers=cookie(sign_in(system, Role.VIEWER))).text
    assert 'href="/settings/site"' in admin and 'href="/settings/site"' not in viewer
    tabs = client.get("/settings/site", headers=cookie(sign_in(system, Role.ADMIN))).text
    assert 'href="/users"' in tabs and 'href="/users"' not in viewer


def test_life_of_a_user(client: TestClient, admin: Headers, browser: TestClient) -> None:
    name = f"grace {next(_numbers)}"
    made = client.post("/v1/users", headers=admin, json={"name": name, "roles": ["security", "viewer"]}).json()
    assert (made["name"], made["roles"], made["can_sign_in"]) == (name, ["security", "viewer"], False)
    link = client.post(f"/v1/users/{made['id']}/reset", headers=admin).json()["path"]
    page = browser.get(link)
    assert page.status_code == 200 and name in page.text
    token = link.partition("token=")[2]
    for first, again, says in ((OTHER, PASSWORD, "differ"), ("short", "short", "at least 12"), (name, name, "name")):
        refused = browser.post("/reset", data={"token": token, "password": first, "again": again})
        assert refused.status_code == 400 and says in refused.text and not browser.cookies
    done = browser.post("/reset", data={"token": token, "password": PASSWORD, "again": PASSWORD})
    assert done.status_code == 303 and browser.get("/account").status_code == 200
    assert browser.get(link).status_code == 404
    where = f"/v1/users/{made['id']}"
    assert client.get(where, headers=admin).json()["can_sign_in"] is True
    changed = client.patch(where, headers=admin, json={"roles": ["viewer"], "enabled": False}).json()
    assert (changed["roles"], changed["enabled"]) == (["viewer"], False)
    assert browser.get("/account").status_code == 303
    problem(client.post(f"{where}/reset", headers=admin), 409, code="user_disabled")
    rows = client.get("/v1/sign-ins", headers=admin, params={"user": made["id"]}).json()["items"]
    assert [(row["outcome"], row["method"], row["name"]) for row in rows] == [("signed_in", "link", name)]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "roles": []},
        {"name": "x", "roles": ["gate"]},
        {"name": "x", "roles": ["emperor"]},
        {"name": "", "roles": ["viewer"]},
        {"name": "a\u202eb", "roles": ["viewer"]},
        {"name": "x" * 65, "roles": ["viewer"]},
        {"name": "x", "roles": ["viewer"], "password": PASSWORD},
        {"name": ["x"], "roles": "viewer"},
    ],
)
def test_invalid_users_are_refused(client: TestClient, admin: Headers, body: dict[str, Any]) -> None:
    before = client.get("/v1/users", headers=admin).json()
    problem(client.post("/v1/users", headers=admin, json=body), 400, 422)
    assert client.get("/v1/users", headers=admin).json() == before


def test_new_password_ends_the_other_browsers(client: TestClient, browser: TestClient, name: str) -> None:
    enter(browser, name)
    here, there = browser.cookies["facegate"], None
    browser.cookies.clear()
    enter(browser, name)
    there = browser.cookies["facegate"]
    browser.cookies.clear()
    headers = cookie(here)
    wrong = {"old": "not it at all", "new": OTHER}
    problem(client.post("/v1/account/password", headers=headers, json=wrong), 403, code="wrong_password")
    weak = {"old": PASSWORD, "new": "password1234"}
    problem(client.post("/v1/account/password", headers=headers, json=weak), 400, code="weak_password")
    right = {"old": PASSWORD, "new": OTHER}
    assert client.post("/v1/account/password", headers=headers, json=right).status_code == 204
    assert client.get("/v1/users", headers=cookie(here)).status_code == 200
    problem(client.get("/v1/users", headers=cookie(there)), 401, code="signed_out")
    assert enter(browser, name, OTHER).status_code == 303


def test_lock_states_its_duration(browser: TestClient, name: str) -> None:
    answers = [enter(browser, name, "wrong") for _ in range(6)]
    assert [a.status_code for a in answers] == [400] * 5 + [429]
    assert re.search("wait [12] seconds?", answers[-1].text)  # of two, one may have passed on a busy machine


def test_hostile_forms_get_a_clear_error(browser: TestClient, name: str) -> None:
    for body in (
        b"name=%ff%fe&password=%00",
        b"name=" + b"a" * 5000,
        b"password=x&" * 2000,
        b"\xff\xfe",
        b"name=%ud800",
    ):
        answer = browser.post("/signin", content=body, headers=FORM)
        assert answer.status_code in (400, 422), answer.text[:200]
        assert not browser.cookies
    assert browser.get("/reset", params={"token": "\x00' OR 1=1 --"}).status_code == 404


def test_changes_by_session_carry_the_users_id(client: TestClient, system: System) -> None:
    token = sign_in(system, Role.ADMIN)
    who = system.accounts.sessions.find(token)
    assert who is not None
    locked = client.post("/v1/lockdown", headers=cookie(token), json={"active": True})
    client.post("/v1/lockdown", headers=cookie(token), json={"active": False})
    assert locked.status_code == 200 and locked.json()["actor"] == who.user.id


def test_the_sign_in_page_says_why_a_session_is_over(browser: TestClient, system: System) -> None:
    token = sign_in(system, Role.VIEWER)
    found = system.accounts.sessions.find(token)
    assert found is not None and "signed out" not in browser.get("/signin").text
    system.accounts.users.change(found.user.id, enabled=False)
    page = browser.get("/signin", headers=cookie(token)).text
    assert "You were signed out: from another browser, by a new password, by an admin" in page
    left = browser.post("/signout", headers=cookie(sign_in(system, Role.VIEWER)), follow_redirects=False)
    assert left.headers["location"] == "/signin?left=1"
    assert "You signed out." in browser.get("/signin?left=1").text


def test_a_display_shows_live_and_alerts_and_nothing_else(
    browser: TestClient, system: System, admin: Headers, display: Headers
) -> None:
    made = browser.post("/v1/displays", headers=admin, json={"name": "Porch wall"}).json()
    problem(browser.post("/v1/displays", headers=admin, json={"name": "porch WALL"}), 409, code="name_taken")
    assert "wrong, was used" in browser.post("/display", data={"code": "K7QM-3XHD"}).text
    opened = browser.post("/display", data={"code": made["code"]}, follow_redirects=False)
    cookies = [one for one in opened.headers.get_list("set-cookie") if one.startswith("facegate=")]
    assert opened.headers["location"] == "/live" and len(cookies) == 1
    assert "HttpOnly" in cookies[0] and "Max-Age=4838400" in cookies[0] and "SameSite=strict" in cookies[0]
    browser.cookies.clear()
    wall = {"Cookie": cookies[0].partition(";")[0]}
    for path in ("/live", "/live/wall"):
        assert browser.get(path, headers=wall).status_code == 200
    assert browser.get("/", headers=wall, follow_redirects=False).headers["location"] == "/live"
    assert browser.get("/v1/alerts", headers=wall).status_code == 200
    for path in ("/activity", "/employees", "/users", "/displays", "/account", "/health"):
        assert browser.get(path, headers=wall).status_code == 403, path
    problem(browser.post("/v1/account/password", headers=display, json={"old": "a", "new": "b"}), 403)
    (shown,) = [
        one for one in browser.get("/v1/displays", headers=admin).json()["items"] if one["name"] == "Porch wall"
    ]
    assert shown["seen_at"] is not None and shown["ends_at"] > shown["seen_at"]
    another = browser.post(f"/v1/displays/{shown['id']}/code", headers=admin).json()
    assert another["code"] != made["code"]
    assert browser.delete(f"/v1/displays/{shown['id']}", headers=admin).status_code == 204
    problem(browser.get("/v1/alerts", headers=wall), 401, code="signed_out")
    assert browser.get("/live", headers=wall, follow_redirects=False).headers["location"].startswith("/signin")
    assert browser.get("/signin", headers=wall, follow_redirects=False).headers["location"] == "/display"
    assert "revoked" in browser.get("/display", headers=wall).text
    problem(browser.delete(f"/v1/displays/{shown['id']}", headers=admin), 404, code="unknown_display")
