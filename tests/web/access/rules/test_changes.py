"""What changes of the rules would do, before they are made; and the rules as one file, also a hostile one."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.wiring import System
from tests.web.access.rules.conftest import Call
from tests.web.conftest import GATE, OTHER_GATE, Headers

pytestmark = pytest.mark.one_database

YAML = {"Content-Type": "application/yaml"}


def first_rule(call: Call) -> str:
    (rule,) = call("GET", "/rules")["items"]
    return str(rule["id"])


def test_a_diff_says_what_the_changes_then_do(
    system: System, call: Call, ids: dict[str, str], people: list[str]
) -> None:
    everybody = first_rule(call)
    staff = {"who": {"groups": [ids["group"]]}, "where": {"gates": [ids["gate"]]}, "schedule": ids["schedule"]}
    changes: list[Any] = [
        {"kind": "rules", "action": "create", "body": {"name": "Staff", **staff}},
        {"kind": "rules", "action": "delete", "id": everybody},
    ]
    before = system.rule_book.file()
    told = call("POST", "/rules/diff?people=1", {"changes": changes}, 200)
    assert system.rule_book.file() == before
    assert told["words"] == (
        f"This takes 3 people off 2 gates, takes hours from 2 people at 1 gate; nobody is left for {OTHER_GATE}."
    )
    here, there = told["gates"]
    assert (here["name"], here["gate"], here["nobody_left"]) == (GATE, ids["gate"], False)
    assert here["lost"] == {"count": 1, "people": [{"id": people[2], "name": "Employee 2", "number": "E-2"}]}
    assert here["fewer_hours"]["count"] == 2
    assert [one["number"] for one in here["fewer_hours"]["people"]] == ["E-0"]
    assert (there["lost"]["count"], there["gained"], there["nobody_left"]) == (3, {"count": 0, "people": []}, True)
    call("POST", "/rules", changes[0]["body"])
    call("DELETE", f"/rules/{everybody}")
    who = {employee["id"] for employee in call("GET", f"/access/who?gate={GATE}&at=2026-11-30T12:00:00Z")["employees"]}
    assert who == set(people[:2])
    assert call("GET", f"/access/who?gate={OTHER_GATE}")["employees"] == []


def test_a_group_under_a_new_name_loses_nobody(call: Call, ids: dict[str, str]) -> None:
    rename = {"kind": "groups", "action": "patch", "id": ids["group"], "body": {"name": "Crew"}}
    only = {"kind": "rules", "action": "patch", "id": first_rule(call), "body": {"who": {"groups": [ids["group"]]}}}
    told = call("POST", "/rules/diff", {"changes": [only, rename]}, 200)
    assert told["words"] == "This takes 1 person off 2 gates."
    call("PATCH", f"/rules/{first_rule(call)}", only["body"])
    assert call("POST", "/rules/diff", {"changes": [rename]}, 200)["words"] == "This changes nothing for anybody."


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "doors", "action": "create", "body": {}}, 422, "malformed_request"),
        ({"kind": "rules", "action": "create"}, 422, "malformed_request"),
        ({"kind": "rules", "action": "create", "id": "x", "body": {}}, 400, "bad_change"),
        ({"kind": "rules", "action": "patch", "body": {}}, 400, "bad_change"),
        ({"kind": "rules", "action": "patch", "id": "x", "body": {}}, 404, "unknown_entry"),
        ({"kind": "rules", "action": "patch", "id": "x", "body": {"name": 1}}, 422, "malformed_request"),
        ({"kind": "rules", "action": "delete", "id": "x"}, 404, "unknown_entry"),
        ({"kind": "gate-places", "action": "delete", "id": "x"}, 400, "gate_not_managed_here"),
        ({"kind": "groups", "action": "delete", "id": "{group}"}, 200, None),
        ({"kind": "sites", "action": "delete", "id": "{site}"}, 409, "in_use"),
    ],
)
def test_a_change_that_cannot_be_made_cannot_be_proposed(
    call: Call, ids: dict[str, str], change: dict[str, Any], status: int, code: str | None
) -> None:
    wanted = {**change, **({"id": ids[change["id"][1:-1]]} if change.get("id", "").startswith("{") else {})}
    assert call("POST", "/rules/diff", {"changes": [wanted]}, status).get("error") == code


def test_the_file_goes_out_and_in_and_changes_nothing(client: TestClient, admin: Headers, ids: dict[str, str]) -> None:
    read = client.get("/v1/rules.yaml", headers=admin)
    assert (read.status_code, read.headers["content-type"]) == (200, "application/yaml")
    assert "Everybody, everywhere, always" in read.text and "Holidays" in read.text
    etag = {"If-Match": read.headers["etag"]}
    done = client.put("/v1/rules.yaml", headers=admin | YAML | etag, content=read.content)
    assert (done.status_code, done.headers["etag"]) == (200, read.headers["etag"]), done.text
    assert (done.json()["words"], done.json()["gates"]) == ("This changes nothing for anybody.", [])
    assert client.get("/v1/rules.yaml", headers=admin).text == read.text


def test_a_file_is_tried_then_applied_unless_it_is_out_of_date(client: TestClient, admin: Headers, call: Call) -> None:
    read = client.get("/v1/rules.yaml", headers=admin)
    etag = {"If-Match": read.headers["etag"]}
    narrower = read.text.replace("where: everywhere", f"where: {{gates: [{OTHER_GATE}]}}")
    assert narrower != read.text
    put = lambda headers, **params: client.put(  # noqa: E731
        "/v1/rules.yaml", headers=admin | YAML | headers, content=narrower, params=params
    )
    tried = put(etag, dry_run="true").json()
    assert tried["words"].endswith(f"nobody is left for {GATE}.")
    assert client.get("/v1/rules.yaml", headers=admin).text == read.text
    assert put(etag).json()["words"] == tried["words"]
    late = put(etag)
    assert (late.status_code, late.json()["error"]) == (409, "rules_changed")
    assert late.json()["current"]["rules"]["rules"][0]["where"] == {"gates": [OTHER_GATE]}
    wrong = put({"If-Match": "latest"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "bad_if_match")


ANCHORS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ANCHORS, "Line 1: Anchors and aliases are not read"),
        ("[" * 100_000, "nesting depth"),
        ("format: 1\nformat: 1\n", "Line 2"),
        ("format: 1\n---\nformat: 1\n", "second document"),
        ("!!python/object/apply:os.system [id]", "Tags are not read"),
        ("format: 2\n", "Line 1"),
        ("", "mapping"),
        (b"\xff\xfe", "UTF-8"),
        ("format: 1\nrules:\n- {name: R, who: everybody, where: {zones: [Moon]}}\n", 'Line 3: rules[0].where.zones[0]'),
    ],
)  # fmt: skip
def test_a_hostile_or_wrong_file_is_refused_as_a_whole(
    system: System, client: TestClient, admin: Headers, content: str | bytes, words: str
) -> None:
    before = system.rule_book.file()
    answer = client.put("/v1/rules.yaml", headers=admin | YAML, content=content)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_rules_file"), answer.text
    assert words in answer.json()["detail"]
    assert system.rule_book.file() == before


def test_a_file_of_100_mb_is_refused_before_it_is_read(system: System, client: TestClient, admin: Headers) -> None:
    before = system.rule_book.file()
    block = b"# " + b"x" * 999_998
    for content in (block * 100, (block for _ in range(100))):
        answer = client.put("/v1/rules.yaml", headers=admin | YAML, content=content)
        assert (answer.status_code, answer.json()["error"]) == (413, "request_too_large")
        assert "2 MB" in answer.json()["detail"]
    assert system.rule_book.file() == before


def test_the_clock_of_a_site_is_changed_like_anything_else(call: Call, ids: dict[str, str], people: list[str]) -> None:
    everybody = first_rule(call)
    call("PATCH", f"/rules/{everybody}", {"schedule": ids["schedule"]})
    ask = f"/access/explain?person={people[0]}&gate={GATE}&at=2026-11-29T23:00:00Z"  # Monday 08:00 in Tokyo
    call("PATCH", f"/sites/{ids['site']}", {"time_zone": "UTC"})
    assert call("GET", ask)["reason"] == "outside_schedule"
    change = {"kind": "sites", "action": "patch", "id": ids["site"], "body": {"time_zone": "Asia/Tokyo"}}
    assert "hours" in call("POST", "/rules/diff", {"changes": [change]}, 200)["words"]
    call("PATCH", f"/sites/{ids['site']}", change["body"])
    assert call("GET", ask)["reason"] == "recognised"
