"""The facts of an assessment over HTTP are those of the command, in the language of whoever reads a page."""

from app.core.types import Role
from app.wiring import System
from tests.web.conftest import Headers, TestClient, cookie, sign_in


def test_facts_are_those_in_force(client: TestClient, admin: Headers, system: System) -> None:
    answer = client.get("/v1/dpia", headers=admin)
    assert answer.status_code == 200, answer.text
    said = [
        (one["title"], [(fact["what"], fact["is_so"]) for fact in one["facts"]]) for one in answer.json()["sections"]
    ]
    assert said == [(one.title, list(one.facts)) for one in system.assessment.sections()]
    kept = dict(dict(said)["How long it is kept"])
    assert kept["Pictures of unknown people"].startswith("72 hours") and kept["Passages with names"].startswith(
        "90 days"
    )


def test_german_page_says_all_of_it_in_german(client: TestClient, system: System) -> None:
    person = cookie(sign_in(system, Role.ADMIN)) | {"Accept-Language": "de"}
    page = client.get("/settings/privacy", headers=person).text
    for words in ("Wessen Daten", "72 Stunden; jetzt fällig:", "90 Tage; jetzt fällig:", "ja, im Änderungsprotokoll"):
        assert words in page, words
    for title in (one.title for one in system.assessment.sections()):
        assert f">{title}<" not in page or title == "Recognition", title


def test_only_admins_read_them(client: TestClient, security: Headers) -> None:
    assert client.get("/v1/dpia", headers=security).status_code == 403
