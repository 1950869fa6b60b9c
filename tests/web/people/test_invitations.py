"""Self-enrolment over HTTP: a link opens its own pages and nothing else, and without one not even a body is read."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from httpx2 import Response

from app.core.people.invitations import version_of
from app.web.api.people import invitations
from app.web.app import create_app
from app.wiring import System
from tests import pictures
from tests.web.conftest import Headers, TestClient, problem


@pytest.fixture
def person(client: TestClient, admin: Headers) -> Iterator[str]:
    made = client.post("/v1/employees", headers=admin, json={"number": "I-77", "name": "Joe <b>"}).json()
    yield made["id"]
    client.delete(f"/v1/employees/{made['id']}", headers=admin)


def link(client: TestClient, admin: Headers, person: str) -> str:
    answer = client.post("/v1/invitations", headers=admin, json={"employees": [person]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["items"][0]["qr"] is None, "it was not asked for"
    found = str(answer.json()["items"][0]["link"])
    return found[found.index("/enrol?") :]


def test_other_threads_run_while_qr_codes_are_drawn(
    client: TestClient, admin: Headers, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[int] = []
    monkeypatch.setattr(invitations, "resting", lambda: lambda: rests.append(1))
    made = client.post("/v1/invitations", headers=admin, json={"employees": [person], "qr": True}).json()["items"]
    assert made[0]["qr"].startswith("data:image/svg+xml") and len(rests) == 1


def agree(client: TestClient, browser: Headers, page: str = "") -> Response:
    """Agrees to the text of this page, or of the one that the link shows now."""
    (version,) = re.findall(r'name="version" value="([^"]+)"', page or client.get("/enrol", headers=browser).text)
    return client.post("/enrol/consent", headers=browser, data={"version": version}, follow_redirects=False)


def opened(client: TestClient, address: str) -> Headers:
    """The cookie of a browser that opened the link."""
    answer = client.get(address, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/enrol"), "the token leaves the address"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/enrol" in cookie
    client.cookies.clear()
    return {"Cookie": cookie.partition(";")[0], "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}


def test_person_enrols_by_the_link(client: TestClient, admin: Headers, person: str) -> None:
    browser = opened(client, link(client, admin, person))
    page = client.get("/enrol", headers=browser).text
    assert "I prefer a card" in page and "Joe &lt;b&gt;" in page and "<b>" not in page
    photo = {"photo": ("p.jpg", pictures.small("biden"), "image/jpeg")}
    problem(client.post("/enrol/photos", headers=browser, files=photo), 409, code="consent_required")
    foreign = {**browser, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/enrol/consent", headers=foreign, follow_redirects=False).status_code == 403
    assert agree(client, browser).status_code == 303
    assert "Take a photo" in client.get("/enrol", headers=browser).text
    checked = {**browser, "Content-Type": "image/jpeg"}
    assert client.post("/enrol/photo-checks", headers=checked, content=pictures.small("biden")).json()["good"]
    (result,) = client.post("/enrol/photos", headers=browser, files=photo).json()["photos"]
    assert result["accepted"] and result.get("id") is None
    problem(client.post("/enrol/photos", headers=browser, files=photo), 404)
    again = client.get("/enrol", headers={"Cookie": browser["Cookie"]}).text
    assert "Withdraw and erase my photos" in again and "Take a photo" not in again
    (kept,) = client.get(f"/v1/employees/{person}/invitations", headers=admin).json()["items"]
    assert (kept["state"], kept["expired"]) == ("done", False) and len(kept["consent_version"]) == 12
    assert "hash" not in kept and "token" not in kept
    employee = client.get(f"/v1/employees/{person}", headers=admin).json()
    assert employee["consent_at"] is not None


def test_person_agrees_to_the_sites_own_text_and_to_no_other(
    client: TestClient, system: System, admin: Headers, person: str
) -> None:
    browser = opened(client, link(client, admin, person))
    ours = client.get("/enrol", headers=browser).text
    own = "At {site} we <b>film</b> {you}.\nYou may say no."
    said = client.patch("/v1/settings", headers=admin, json={"consent_text": own})
    assert said.status_code == 200 and said.json()["consent_text"] == own
    try:
        assert agree(client, browser, ours).status_code == 303
        (waiting,) = client.get(f"/v1/employees/{person}/invitations", headers=admin).json()["items"]
        assert waiting["consented_at"] is None, "they read another text than the one that holds now"
        page = client.get("/enrol", headers=browser).text
        name = system.site_clock.read().site
        assert f"At {name} we &lt;b&gt;film&lt;/b&gt; {{you}}.\nYou may say no." in page
        agree(client, browser, page)
        (agreed,) = client.get(f"/v1/employees/{person}/invitations", headers=admin).json()["items"]
        assert agreed["consent_version"] == version_of(f"At {name} we <b>film</b> {{you}}.\nYou may say no.")
    finally:
        client.patch("/v1/settings", headers=admin, json={"consent_text": ""})
    for wrong in ("a\u202eb", "\u200b", "a\tb"):
        answer = client.patch("/v1/settings", headers=admin, json={"consent_text": wrong})
        assert problem(answer, 400, code="bad_consent_text")["field"] == "consent_text"


def test_card_is_chosen_and_the_link_is_over(client: TestClient, admin: Headers, person: str) -> None:
    browser = opened(client, link(client, admin, person))
    answer = client.post("/enrol/decline", headers=browser, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/enrol?said=declined")
    assert "You get a card" in client.get("/enrol?said=declined").text
    (kept,) = client.get(f"/v1/employees/{person}/invitations", headers=admin).json()["items"]
    assert kept["state"] == "declined"
    problem(client.delete(f"/v1/employees/{person}/invitations/{kept['id']}", headers=admin), 409)
    problem(client.delete(f"/v1/employees/{person}/invitations/x", headers=admin), 404, code="unknown_invitation")


def test_pages_of_the_link_stay_below_a_proxys_path(
    system: System, client: TestClient, admin: Headers, person: str
) -> None:
    settings = system.settings.model_copy(update={"path_prefix": "/facegate"})
    below = TestClient(create_app(replace(system, settings=settings, on_decision=[])), follow_redirects=False)
    token = link(client, admin, person)
    answer = below.get(f"/facegate{token}")
    assert (answer.headers["location"], "Path=/facegate/enrol;" in answer.headers["set-cookie"]) == (
        "/facegate/enrol",
        True,
    )
    browser = {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Sec-Fetch-Site": "same-origin"}
    below.cookies.clear()
    assert below.post("/facegate/enrol/consent", headers=browser).headers["location"] == "/facegate/enrol"
    assert below.post("/facegate/enrol/decline", headers=browser).headers["location"] == "/facegate/enrol?said=declined"


def test_link_opens_nothing_else(client: TestClient, admin: Headers, person: str) -> None:
    browser = opened(client, link(client, admin, person))
    for path in (f"/v1/employees/{person}", f"/v1/employees/{person}/photos", "/v1/events", "/v1/photo-checks"):
        assert client.get(path, headers=browser).status_code in (401, 405)
    assert client.get("/employees", headers=browser, follow_redirects=False).headers["location"].startswith("/signin")


@pytest.mark.parametrize("path", ["/enrol/photos", "/enrol/photo-checks", "/enrol/consent", "/enrol/decline"])
@pytest.mark.parametrize("cookie", ["", "facegate-invitation=guess", "facegate-invitation=" + "x" * 4000])
def test_nothing_is_read_without_a_link(client: TestClient, path: str, cookie: str) -> None:
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    answer = client.post(path, headers=headers, content=b"x" * 10_000, follow_redirects=False)
    assert answer.status_code == 404, answer.text


def test_unusable_invitations_are_refused(client: TestClient, admin: Headers, person: str) -> None:
    problem(client.post("/v1/invitations", headers=admin, json={"employees": ["nobody"]}), 404)
    problem(client.post("/v1/invitations", headers=admin, json={"employees": []}), 422)
    problem(
        client.post("/v1/invitations", headers=admin, json={"employees": [person], "days": 99}), 400, code="bad_days"
    )
    assert client.get("/enrol", follow_redirects=False).status_code == 404


def test_person_withdraws_by_the_link(client: TestClient, admin: Headers, person: str) -> None:
    browser = opened(client, link(client, admin, person))
    assert client.post("/enrol/withdraw", headers=browser).status_code == 404, "nobody agreed yet"
    agree(client, browser)
    files = [("photo", ("1.jpg", pictures.small(pictures.BOB[0], 720), pictures.JPEG))]
    assert client.post("/enrol/photos", headers=browser, files=files).json()["photos"][0]["accepted"]
    shown = client.get("/enrol", headers=browser)
    assert shown.status_code == 200 and "Withdraw and erase my photos" in shown.text
    foreign = {**browser, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/enrol/withdraw", headers=foreign).status_code == 403
    answer = client.post("/enrol/withdraw", headers=browser, follow_redirects=False)
    assert answer.headers["location"] == "/enrol?said=withdrawn"
    assert "No gate knows your face any more" in client.get("/enrol?said=withdrawn").text
    assert client.get(f"/v1/employees/{person}/photos", headers=admin).json()["items"] == []
    assert client.get("/enrol", headers=browser).status_code == 404
