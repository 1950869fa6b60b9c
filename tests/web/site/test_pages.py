"""What holds for every page: only our own files run, an error is readable, nobody is led off the site."""

import re
from pathlib import Path

import pytest

from app.core.errors import NotRecorded
from app.core.types import Role
from app.web.console.render import HERE, STATIC
from app.web.console.session import local_path
from app.wiring import System
from tests.web.conftest import TestClient, cookie, problem, sign_in

# The report about a person is saved as a file of its own, which no policy covers and no file of ours accompanies.
SAVED = HERE / "templates" / "people" / "subject" / "report.html"
TEMPLATES = sorted(set((HERE / "templates").rglob("*.html")) - {SAVED})
SCRIPTS = sorted(STATIC.rglob("*.js"))
HTML = {"Accept": "text/html,*/*"}


def test_pages_load_only_our_own_files(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy and "http" not in policy
    assert client.get("/").headers["permissions-policy"].startswith("camera=(self)")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: p.name)
def test_templates_have_no_inline_or_external_code(template: Path) -> None:
    """The policy would stop it in silence."""
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=\"{{ static }}/)", text), "an inline script, or one from elsewhere"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", text)
    assert "|safe" not in text.replace(" ", ""), "what is not escaped can be anybody's markup"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_scripts_do_not_build_html_from_text(script: Path) -> None:
    # Rows that the server rendered, and so escaped, are the one exception.
    text = script.read_text(encoding="utf-8").replace(".innerHTML = await answer.text();", "")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert "https://" not in text and 'setAttribute("style"' not in text


def test_saved_report_runs_nothing_and_fetches_nothing() -> None:
    text = SAVED.read_text(encoding="utf-8")
    assert not re.search(r"<script|\son[a-z]+=\"|javascript:|https?://|@import|url\(", text)
    assert "|safe" not in text.replace(" ", "")


def test_there_are_pages_to_check() -> None:
    assert len(TEMPLATES) >= 25 and len(SCRIPTS) >= 15


def test_error_is_a_page_for_a_browser_and_json_for_a_program(client: TestClient, system: System) -> None:
    page = client.get("/nothing", headers=HTML)
    assert page.status_code == 404 and "Page not found" in page.text and "<nav" not in page.text
    problem(client.get("/nothing"), 404, code="not_found")
    problem(client.get("/v1/employees", headers=HTML), 401, code="key_required")
    signed_in = client.get("/nothing", headers={**HTML, **cookie(sign_in(system, Role.VIEWER))})
    assert signed_in.status_code == 404 and "Sign out" in signed_in.text
    assert "/docs" not in signed_in.text, "people are not sent to the contract"


def test_page_of_a_fault_offers_to_try_again_and_no_sign_in(
    client: TestClient, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise NotRecorded("the disk is full")

    headers = {**HTML, **cookie(sign_in(system, Role.VIEWER))}
    monkeypatch.setattr(type(system.store), "read", away)
    page = client.get("/activity?q=Ada", headers=headers)
    assert page.status_code == 503 and ">Try again</a>" in page.text
    assert "Sign in" not in page.text, "they may well be signed in"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/activity?gate=a&b=c", "/activity?gate=a&b=c"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: b=c", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
        (None, "/"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_redirects_stay_on_the_site(wanted: str | None, path: str) -> None:
    assert local_path(wanted) == path


def test_gate_that_nothing_can_open_is_called_a_test_gate(client: TestClient, system: System) -> None:
    """Until it has a driver, or its hardware has a key to ask with."""
    name = "nothing-opens"
    system.gates.add(name)
    person = cookie(sign_in(system, Role.VIEWER))

    def shown() -> tuple[int, bool]:
        page = client.get("/health", headers={**HTML, **person}).text.lower()
        gates = [one.data for one in system.feed.catch_up(None) if one.kind == "gate"]  # what the live page draws
        return page.count("test gate: no hardware"), next(one["test"] for one in gates if one["gate"] == name)

    before = shown()
    _, key = system.keys.create(Role.GATE, name)
    asking = shown()
    system.keys.revoke(key.id)
    assert before == shown() == (asking[0] + 1, True) and asking[1] is False


def test_former_address_of_the_activity_page_leads_on_with_its_filters(client: TestClient) -> None:
    for path, leads in (
        ("/log", "/activity"),
        ("/log?gate=a%26b&decision=deny", "/activity?gate=a%26b&decision=deny"),
        ("/log/01ABC?gate=a", "/activity/01ABC?gate=a"),
        ("/log//evil.example", "/activity//evil.example"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, leads)
    assert client.get("/log/%0d%0aSet-Cookie:a=b").status_code == 404
