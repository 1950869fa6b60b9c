"""The language of whole answers: the site's, and the one that somebody chooses at the foot of a page."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.core.errors import NotRecorded
from app.core.types import Role
from app.web.language.catalog import now, spoken, translated
from app.web.language.choice import COOKIE
from app.wiring import System
from tests.web.conftest import GATE, TestClient, cookie, sign_in

PAGE = {"accept": "text/html"}


@pytest.fixture
def german_site(system: System) -> Iterator[None]:
    system.site_settings.change(lambda before: replace(before, language="de"))
    yield
    system.site_settings.change(lambda before: replace(before, language=None))


def choose(client: TestClient, language: str, **headers: str) -> str:
    """Returns the cookie that is set."""
    form = {"language": language, "next": "/live"}
    answer = client.post("/language", data=form, headers=headers | {"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/live")
    return str(answer.headers["set-cookie"])


@pytest.mark.usefixtures("german_site")
def test_what_is_said_before_the_page_is_drawn_is_in_the_language_of_the_site(
    client: TestClient, system: System
) -> None:
    """What handlers translate, not only templates."""
    page = client.get("/access/rules", headers=PAGE | cookie(sign_in(system, Role.ADMIN))).text

    assert '<html lang="de">' in page
    assert re.search(r">\s*(immer|überall|Alle)\b", page)
    assert not re.search(r">\s*(always|everywhere)\b", page)


def test_a_visitor_chooses_a_language_before_signing_in(client: TestClient) -> None:
    assert f"{COOKIE}=de" in choose(client, "de")


def test_the_choice_is_kept_in_the_browser_while_the_database_is_away(
    client: TestClient, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = cookie(sign_in(system, Role.VIEWER))
    assert f"{COOKIE}=de" in choose(client, "de", **signed_in)

    def gone(*_: object, **__: object) -> None:
        raise NotRecorded("the database is away")

    monkeypatch.setattr(type(system.accounts.users), "speak", gone)
    assert f"{COOKIE}=de" in choose(client, "de", **signed_in)
    monkeypatch.setattr(type(system.accounts.sessions), "find", gone)
    assert f"{COOKIE}=de" in choose(client, "de", **signed_in)


def test_the_switch_leads_from_the_answer_to_a_form_to_a_page_that_there_is(client: TestClient) -> None:
    def back(path: str) -> str:
        page = client.post(path, data={}, headers=PAGE | {"sec-fetch-site": "cross-site"}).text
        found = re.search(r'name="next" value="([^"]*)"', page)
        assert found, page
        return found[1]

    assert back("/signin") == "/signin"
    assert back("/enrol/consent") == "/"


def test_numbers_that_count_nothing_have_no_thousands() -> None:
    before = spoken.set("de")
    try:
        assert translated("Days in {year}", year=2026) == now().of("Days in {year}").format(year=2026)
        assert translated("signed {when}, place {sequence}", when="x", sequence=12345).endswith("12345")
    finally:
        spoken.reset(before)


def test_corners_of_the_watched_zone_keep_the_names_that_the_script_knows(client: TestClient, system: System) -> None:
    headers = PAGE | {"accept-language": "de"} | cookie(sign_in(system, Role.ADMIN))

    page = client.get(f"/cameras/new?gate={GATE}", headers=headers).text

    assert re.findall(r'data-corner="(\w+ \w+)"', page) == ["left top", "right top", "left bottom", "right bottom"]
