"""What a proxy says of a caller counts if the proxy is trusted; where a form comes from is the browser's word."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app.core.types import Role
from app.web.app import create_app
from app.web.console.render import STATIC
from app.web.edge.proxies import Forwarded
from app.wiring import System
from tests.web.conftest import TestClient, problem

SAID = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "gate.example.com"}
PASSWORD = "a river runs uphill"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with how the request looks from inside; /away redirects."""
    request = Request(scope, receive)
    answer: Response = PlainTextResponse(f"{request.client and request.client.host} {request.url}")
    if request.url.path == "/away":
        answer = RedirectResponse(request.query_params["to"], 303)
    await answer(scope, receive, send)


def seen(client: str, path: str = "/x", trusted: str = "10.0.5.0/24", prefix: str = "", **headers: str) -> str:
    app = Forwarded(echo, [ip_network(trusted)], prefix)
    return TestClient(app, client=(client, 1)).get(path, headers=headers or SAID).text


def test_trusted_proxys_headers_count_on_any_machine() -> None:
    assert seen("10.0.5.2") == "203.0.113.9 https://gate.example.com/x"
    assert seen("127.0.0.1", trusted="127.0.0.0/8") == "203.0.113.9 https://gate.example.com/x"


@pytest.mark.parametrize("client", ["10.0.6.2", "127.0.0.1", "::1", "203.0.113.9"])
def test_headers_of_other_clients_are_ignored(client: str) -> None:
    assert seen(client) == f"{client} http://testserver/x"


def test_only_trusted_links_of_a_proxy_chain_count() -> None:
    """What the client put before the first proxy's own entry is no address of theirs."""
    chain = {**SAID, "X-Forwarded-For": "127.0.0.1, 203.0.113.9, 10.0.5.3"}
    assert seen("10.0.5.2", **chain).startswith("203.0.113.9 ")


@pytest.mark.parametrize("host", ["a/b", "user@elsewhere", "a b", "", "ü"])
def test_invalid_forwarded_host_is_ignored(host: str) -> None:
    said: Any = {"X-Forwarded-Host": host.encode()}
    app = Forwarded(echo, [ip_network("10.0.5.0/24")])
    assert TestClient(app, client=("10.0.5.2", 1)).get("/x", headers=said).text == "10.0.5.2 http://testserver/x"


@pytest.mark.parametrize(
    ("path", "inside"),
    [("/facegate/x", "/x"), ("/x", "/x"), ("/facegate", "/"), ("/facegate/", "/"), ("/facegatex", "/facegatex")],
)
def test_inside_there_is_no_prefix_whether_or_not_the_proxy_took_it_off(path: str, inside: str) -> None:
    assert seen("10.0.5.2", path, prefix="/facegate").endswith(f"gate.example.com{inside}")


@pytest.mark.parametrize(
    ("to", "sent"),
    [
        ("/activity?x=1", "/facegate/activity?x=1"),
        ("https://login.example.com/a", "https://login.example.com/a"),
        ("//e", "//e"),
    ],
)
def test_redirect_within_the_service_stays_below_the_prefix(to: str, sent: str) -> None:
    app = Forwarded(echo, [ip_network("10.0.5.0/24")], "/facegate")
    answer = TestClient(app, follow_redirects=False).get("/facegate/away", params={"to": to})
    assert answer.headers["location"] == sent


@pytest.fixture
def browser(system: System) -> Iterator[TestClient]:
    with TestClient(create_app(system), follow_redirects=False) as client:
        yield client


OURS, OTHER = "http://testserver", "https://gate.example.com"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": OTHER, "Sec-Fetch-Site": "same-origin"}, 303),  # a plain proxy_pass: the host was changed
        ({"Origin": OTHER, "X-Forwarded-Host": "gate.example.com"}, 403),  # of somebody who is no proxy of ours
        ({"Origin": OURS}, 303),  # over http a browser says no more
        ({"Origin": OURS, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": OURS, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": OTHER}, 403),
        ({"Origin": "null"}, 403),
        ({}, 303),  # no browser
    ],
)
def test_cross_site_form_signs_nobody_in(
    system: System, browser: TestClient, headers: dict[str, str], status: int
) -> None:
    name = f"somebody {len(headers)} {status} {abs(hash(tuple(headers.items())))}"[:60]
    system.accounts.users.add(name, frozenset({Role.VIEWER}), PASSWORD)
    answer = browser.post("/signin", data={"name": name, "password": PASSWORD}, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 403:
        problem(answer, 403, code="cross_site_form")


def test_proxy_that_changes_the_host_gets_an_error_that_names_the_header(browser: TestClient) -> None:
    answer = browser.post("/signin", data={"name": "a", "password": "b"}, headers={"Origin": OTHER})
    assert "proxy_set_header Host $http_host" in answer.json()["detail"]


def test_every_address_in_a_page_begins_with_its_root() -> None:
    """Below a prefix, one that does not would leave the service."""
    absolute = re.compile(r"""(href|src|action)="/|\b(fetch|EventSource|assign|open)\(["`']/|href: ["`']/""")
    pages = (*STATIC.parent.glob("templates/**/*.html"), *STATIC.rglob("*.js"), *STATIC.rglob("*.css"))
    assert len(pages) > 40
    assert not [page.name for page in pages if absolute.search(page.read_text(encoding="utf-8"))]
