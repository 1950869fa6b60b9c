"""The activity page: filters in the address, faces in rows, a timeline, an event among others, saved views."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core.canonical import moment
from app.core.types import Role
from app.web.console.events import activity_rows
from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, GATE, Headers, TestClient, cookie, photos, problem, sign_in

VIEWS = "/v1/account/views"


@pytest.fixture(scope="module")
def decided(client: TestClient, gate: Headers, security: Headers, ada: Any) -> list[dict[str, Any]]:
    """Oldest first: open, nobody there twice, and an order by hand with its reason."""
    jpeg = {**gate, "Content-Type": "image/jpeg"}
    for _ in range(5):  # a busy machine takes a picture for too old
        made = [client.post(DECISIONS, headers=gate, files=photos(pictures.ADA[1], field="image")).json()]
        made += [client.post(DECISIONS, headers=jpeg, content=pictures.empty()).json() for _ in range(2)]
        if [one["reason"] for one in made] == ["recognised", "no_face", "no_face"]:
            break
    order = client.post(f"/v1/gates/{GATE}/open", headers=security, json={"comment": "a <b>parcel</b>"}).json()
    return [*made, order]


@pytest.fixture(scope="module")
def guard(system: System) -> Headers:
    return cookie(sign_in(system, Role.SECURITY))


def ids(page: str) -> list[str]:
    """Of the events: other tests raise alerts."""
    return re.findall(r'class="log-row (?:open|deny|order)" role="row" data-id="([^"]+)"', page)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def test_rows_have_faces_words_and_who_ordered_why(
    client: TestClient, guard: Headers, decided: list[dict[str, Any]]
) -> None:
    page = client.get("/activity", headers=guard, params={"gate": GATE, "from": decided[0]["at"]}).text
    opened, first, second, order = (event["decision_id"] for event in decided)
    assert ids(page) == [order, second, opened], "the same refusal within a minute is one row"
    shown = words(page)
    assert "OPEN Ada Lovelace Recognised" in shown and "DENIED No face in the picture 2 times since" in shown
    assert "a <b>parcel</b>" in shown and "<b>parcel" not in page
    face = f"/activity/{opened}/face"
    assert face in page and 'loading="lazy"' in page
    picture = client.get(face, headers=guard)
    assert picture.headers["content-type"] == "image/jpeg" and len(picture.content) < 6000
    assert picture.headers["cache-control"] == "private, max-age=300"
    assert client.get(face).status_code == 303
    assert client.get(f"/activity/{order}/face", headers=guard).status_code == 404
    assert first not in ids(page)


def test_the_same_refusal_is_one_row_however_many_events_a_page_has(
    client: TestClient, guard: Headers, decided: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, first, second, order = (event["decision_id"] for event in decided)
    monkeypatch.setattr(activity_rows, "PAGE", 1)
    pages, cursor = [], ""
    while len(pages) < 5:
        query = {"gate": GATE, "from": decided[0]["at"], "cursor": cursor}
        page = client.get("/activity/rows", headers=guard, params=query).text
        pages.append((ids(page), "2 times since" in words(page)))
        (cursor,) = re.findall(r'data-next="([^"]*)"', page)
        if not cursor:
            break
    assert pages == [([order], False), ([second], True), ([opened], False)]
    monkeypatch.setattr(activity_rows, "MOST_READ", 1)
    query = {"gate": GATE, "from": decided[0]["at"], "cursor": order}
    assert f'data-next="{second}"' in client.get("/activity/rows", headers=guard, params=query).text, "it is bounded"
    assert first != second


def test_search_by_name_and_by_times_as_people_write_them(
    client: TestClient, guard: Headers, decided: list[dict[str, Any]], in_zone: Callable[[str], None]
) -> None:
    opened = decided[0]["decision_id"]
    for q in ("LOVELACE", "ada love", "E-1001"):
        assert opened in ids(client.get("/activity", headers=guard, params={"q": q, "when": "last hour"}).text)
    assert ids(client.get("/activity", headers=guard, params={"q": "nobody is called so"}).text) == []
    for q, listed in (("lovelace", True), ("nobody is called so", False)):
        both = {"employee": "E-1001", "q": q, "when": "last hour"}
        page = client.get("/activity", headers=guard, params=both).text
        assert (opened in ids(page)) is listed, "both filters count"
        (path,) = re.findall(r'href="(/v1/events\.csv[^"]*)"', page)
        table = client.get(html.unescape(path), headers=guard).text
        assert (opened in table) is listed and f"name or number {q}, employee 0" in table
    in_zone("Asia/Kathmandu")
    local = moment(decided[0]["at"]) + timedelta(hours=5, minutes=45)
    when = f"{local:%Y-%m-%d %H:%M} - {local + timedelta(minutes=1):%H:%M}"
    assert opened in ids(client.get("/activity", headers=guard, params={"when": when}).text)
    later = f"{local + timedelta(minutes=1):%Y-%m-%d %H:%M} - now"
    assert opened not in ids(client.get("/activity", headers=guard, params={"when": later}).text)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"when": "half past nine"}, "“half” is not understood. Write, for example: last hour,"),
        ({"when": "17:00"}, "This is a moment. Give an end too"),
        ({"q": "a\x00b"}, "Write plain text, without control characters."),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field_and_lists_nothing(
    client: TestClient, guard: Headers, decided: Any, sent: dict[str, str], said: str
) -> None:
    answer = client.get("/activity", headers=guard, params=sent)
    (name,) = sent
    assert answer.status_code == 400 and ids(answer.text) == []
    assert re.search(rf'<input id="{name}"[^>]* aria-invalid="true" aria-describedby="{name}-problem"', answer.text)
    assert said in words(answer.text)
    assert "<rect" not in client.get("/activity/timeline", headers=guard, params=sent).text


def test_timeline_counts_the_events_of_the_list(client: TestClient, guard: Headers, decided: Any) -> None:
    query = {"gate": GATE, "when": "last hour", "decision": "deny", "reason": "no_face"}
    drawn = client.get("/activity/timeline", headers=guard, params=query).text
    counts = [int(count) for count in re.findall(r"<title>(\d+)</title>", drawn)]
    listed = client.get("/v1/events", headers=guard, params={"reason": "no_face", "gate": GATE, "limit": 200}).json()
    assert sum(counts) == len(listed["items"]) >= 2
    assert f"{sum(counts)} events" in drawn and len(re.findall(r">(Earlier|Wider)</a>", drawn)) == 2
    assert "has not begun" in client.get("/activity/timeline", headers=guard, params={"from": "2199-01-01"}).text


def test_an_event_lies_between_its_neighbours_and_prints_who_and_where(
    client: TestClient, system: System, decided: list[dict[str, Any]]
) -> None:
    first, second, order = (event["decision_id"] for event in decided[1:])
    name = "Grace <Guard>"
    user = system.accounts.users.add(name, frozenset({Role.SECURITY}))
    with system.store.write() as tx:
        headers = cookie(system.accounts.sessions.open(tx, user, "192.0.2.7", "a browser"))
    query = f"gate={GATE}&decision=deny"
    page = client.get(f"/activity/{second}?{query}", headers=headers).text
    assert f'rel="next" href="/activity/{first}?gate={GATE}&amp;decision=deny"' in page and 'rel="prev"' not in page
    page = client.get(f"/activity/{second}", headers=headers).text
    assert f'rel="next" href="/activity/{first}"' in page and f'rel="prev" href="/activity/{order}"' in page
    assert '<details class="card proof-fold">' in page and "Verified" in page
    printed = words(client.get(f"/activity/{order}", headers=headers).text)
    clocks = system.site_clock.read()
    assert f"{clocks.site} · times in {clocks.zone.key}" in printed and "because: a <b>parcel</b>." in printed
    assert re.search(rf"at gate {GATE}, ordered by key .* Printed 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d by {name}", printed)
    listed = words(client.get("/activity", headers=headers, params={"gate": GATE, "when": "today"}).text)
    assert f"Times: today. Filters: gate {GATE}. Printed" in listed


def test_saved_views_are_the_users_own_bounded_and_removed(client: TestClient, system: System) -> None:
    mine, other = (cookie(sign_in(system, Role.VIEWER)) for _ in range(2))
    name, query = "Night “shift” 'x' \u2014 <i>", "gate=dock&q=O%27Brien&when=last+hour"
    saved = client.post(VIEWS, headers=mine, json={"name": f" {name} ", "query": query})
    assert saved.status_code == 201 and saved.json()["name"] == name
    again = client.post(VIEWS, headers=mine, json={"name": name, "query": "decision=deny"}).json()
    assert client.get(VIEWS, headers=mine).json()["items"] == [again]
    assert client.get(VIEWS, headers=other).json()["items"] == []
    page = client.get("/activity", headers=mine).text
    assert 'href="/activity?decision=deny"' in page and name in words(page) and "<i>" not in page
    for bad in ("", "a\x07b", "a\u202eb", "\u200b", "x" * 41):
        problem(client.post(VIEWS, headers=mine, json={"name": bad, "query": ""}), 400, code="bad_name")
    for bad in ("a b", "ü=1", "a\nb"):
        problem(client.post(VIEWS, headers=mine, json={"name": "n", "query": bad}), 400, code="bad_query")
    for number in range(19):
        assert client.post(VIEWS, headers=mine, json={"name": f"view {number}", "query": ""}).status_code == 201
    problem(client.post(VIEWS, headers=mine, json={"name": "one more", "query": ""}), 409, code="too_many_views")
    problem(client.delete(f"{VIEWS}/{again['id']}", headers=other), 404, code="not_found")
    assert client.delete(f"{VIEWS}/{again['id']}", headers=mine).status_code == 204
    with system.store._engine.connect() as connection:
        stored = b"".join(row.sealed for row in connection.exec_driver_sql("SELECT sealed FROM saved_views"))
    assert b"view 1" not in stored
    problem(client.get(VIEWS), 401)


def test_csv_can_begin_with_what_it_holds_and_who_made_it(
    client: TestClient, guard: Headers, decided: list[dict[str, Any]], system: System
) -> None:
    query = {"q": "ada", "from": decided[0]["at"], "head": "true"}
    text = client.get("/v1/events.csv", headers=guard, params=query).text
    head = [line for line in text.splitlines() if line.startswith("# ")]
    assert [line.split(",")[0] for line in head] == [
        "# site", "# time zone", "# from", "# until", "# filters", "# made at", "# made by",
    ]  # fmt: skip
    assert head[4] == "# filters,name or number ada" and f"# site,{system.site_clock.read().site}" == head[0]
    rows = text.splitlines()[len(head) :]
    assert rows[0].startswith("at,gate,decision") and rows[0].endswith("hash,ordered_by,comment,credential")
    assert len(rows) == 2 and "Ada Lovelace" in rows[1]
    query = {"gate": GATE, "reason": "opened_by_hand", "from": decided[0]["at"]}
    (row,) = client.get("/v1/events.csv", headers=guard, params=query).text.splitlines()[1:]
    assert row.endswith(",a <b>parcel</b>,")
