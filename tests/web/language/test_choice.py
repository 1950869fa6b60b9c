"""Which language a request gets."""

import pytest
from starlette.requests import Request

from app.core.errors import NotRecorded
from app.web.language.choice import COOKIE, SiteLanguage, accepted, language_of


def request(**headers: str) -> Request:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "path": "/", "headers": sent})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, fr;q=0.9, en;q=0.5, de;q=0.4", "en"),
        ("en-US,en;q=0.9", "en"),
        ("DE-at", "de"),
        ("de;q=0, en", "en"),
        ("fr, *", None),
        ("", None),
        ("de;q=x, ;;;, en;q=1.0.0", None),
        (",".join(["fr"] * 5000) + ",de", None),
    ],
)
def test_language_that_a_browser_accepts(header: str, language: str | None) -> None:
    assert accepted(header) == language


def test_cookie_comes_before_the_browser() -> None:
    assert language_of(request(cookie=f"{COOKIE}=de", accept_language="en")) == "de"
    assert language_of(request(cookie=f"{COOKIE}=klingon", accept_language="de")) == "de"


def test_without_a_known_language_a_page_is_in_the_one_of_the_site() -> None:
    assert language_of(request(accept_language="fr", accept="text/html")) is None
    assert language_of(request(accept="text/html")) is None


def test_programs_get_english() -> None:
    assert language_of(request(authorization="Bearer x", accept_language="de", cookie=f"{COOKIE}=de")) == "en"
    assert language_of(request(accept="application/json")) == "en"
    assert language_of(request(accept_language="fr", accept="*/*")) == "en"


def test_the_language_of_the_site_is_remembered_while_the_database_is_away() -> None:
    answers: list[str | Exception | None] = ["de", NotRecorded("gone"), None]

    def read() -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    of_site = SiteLanguage(read)

    assert [of_site() for _ in range(3)] == ["de", "de", "en"]


def test_a_language_of_the_site_that_only_a_newer_version_has_is_english() -> None:
    assert SiteLanguage(lambda: "fr")() == "en"
