"""What every kind of entry can do over HTTP: added, listed, read, changed, removed; and what two admins at once see."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.access.rules import Group, GroupSource
from app.wiring import System
from tests.web.access.rules.conftest import EVERYBODY, EVERYWHERE, Call, filled
from tests.web.conftest import GATE, Headers

pytestmark = pytest.mark.one_database

# By kind: a body, a change of it, and what the change comes to. What is in {} is an id.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sites": ({"name": "Tokyo", "time_zone": "Asia/Tokyo"}, {"time_zone": "Asia/Seoul"}),
    "zones": ({"name": "Lab", "site": "{site}", "parent": "{zone}"}, {"parent": None}),
    "lanes": ({"name": "Lobby", "gate_in": "{gate}", "gate_out": "{other_gate}"}, {"name": "Entrance"}),
    "groups": ({"name": "Night", "description": "Works at night"}, {"description": None}),
    "calendars": (
        {"name": "Closed", "days": [{"date": "12-31", "name": None}, {"date": "2026-12-24", "name": "Christmas Eve"}]},
        {"days": [{"date": "02-29", "name": "Leap"}]},
    ),
    "schedules": (
        {
            "name": "Nights",
            "windows": [{"days": ["Fri", "Sat"], "start": "22:00", "length": "08:00"}],
            "on_calendar": [{"calendar": "{calendar}", "windows": []}],
        },
        {"windows": [{"days": ["Sun"], "start": "00:00", "length": "24:00"}]},
    ),
    "rules": (
        {
            "name": "Staff",
            "who": {"everybody": False, "groups": ["{group}"], "people": ["{person}"]},
            "where": {"everywhere": False, "sites": ["{site}"], "zones": ["{zone}"], "gates": ["{gate}"]},
            "schedule": "{schedule}",
            "valid_from": "2026-12-01",
            "valid_until": "2027-12-31",
            "note": "as agreed",
        },
        {"schedule": None, "valid_until": None},
    ),
    "gate-modes": (
        {"gate": "{gate}", "mode": "free", "schedule": "{schedule}", "first_person_group": "{group}"},
        {"first_person_group": None, "mode": "no_entry"},
    ),
}


def shown(entry: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in body}


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_added_listed_read_changed_and_removed(
    client: TestClient, admin: Headers, call: Call, ids: dict[str, str], kind: str
) -> None:
    body, change = filled(KINDS[kind][0], ids), filled(KINDS[kind][1], ids)
    answer = client.post(f"/v1/{kind}", headers=admin, json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["etag"] == f'"{made["version"]}"'
    assert shown(made, body) == body
    mentioned = [one for one in str(body).replace("'", " ").split() if one in ids.values()]
    assert set(made["names"]) == set(mentioned)
    path = f"/{kind}/{made['id']}"
    read = client.get(f"/v1{path}", headers=admin)
    assert read.json() == made | {"warnings": []}
    assert read.headers["etag"] == answer.headers["etag"]
    listed = call("GET", f"/{kind}?limit=500")["items"]
    assert made | {"warnings": []} in listed
    changed = call("PATCH", path, change, If_Match=read.headers["etag"])
    assert shown(changed, body) == body | change
    assert changed["version"] != made["version"]
    assert call("GET", path) == changed | {"warnings": []}
    # What was read before is out of date: the answer holds what it is now.
    for method, sent in (("PATCH", change), ("DELETE", None)):
        late = call(method, path, sent, 409, If_Match=made["version"])
        assert late["error"] == "entry_changed"
        assert late["current"] == changed | {"warnings": []}
    assert call("PATCH", path, {})["version"] == changed["version"]
    call("DELETE", path, If_Match=f'"{changed["version"]}"')
    for method, sent in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert call(method, path, sent, 404)["error"] == "unknown_entry"


def test_a_place_of_a_gate_is_changed_and_neither_added_nor_removed(
    client: TestClient, admin: Headers, call: Call, ids: dict[str, str]
) -> None:
    path = f"/gate-places/{ids['gate']}"
    before = call("GET", path)
    assert (before["name"], before["site"], before["zone_to"]) == (GATE, ids["site"], None)
    moved = call("PATCH", path, {"zone_to": ids["zone"], "time_zone": "Asia/Tokyo"}, If_Match=before["version"])
    assert moved["names"][ids["zone"]] == "Office"
    zone = call("GET", f"/zones/{ids['zone']}")
    assert zone["used_by"] == [{"kind": "gate-places", "id": ids["gate"], "name": GATE}]
    same = call("PATCH", path, {"zone_from": ids["zone"]}, 400)
    assert (same["error"], same["field"]) == ("bad_gate_zones", "zone_to")
    for method, where in (("POST", "/gate-places"), ("DELETE", path)):
        assert client.request(method, f"/v1{where}", headers=admin).status_code == 405
    call("PATCH", path, {"zone_to": None, "time_zone": None})


def _patch(client: TestClient, path: str, headers: Headers, body: dict[str, Any]) -> Any:
    return client.patch(path, headers=headers, json=body)


@pytest.mark.both_databases
def test_second_of_two_admins_sees_the_firsts_change(
    client: TestClient, admin: Headers, call: Call, ids: dict[str, str]
) -> None:
    rule = call("POST", "/rules", {"name": "Shared", "who": EVERYBODY, "where": EVERYWHERE})
    for _ in range(5):
        match = admin | {"If-Match": rule["version"]}
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(
                    partial(_patch, client, f"/v1/rules/{rule['id']}", match),
                    [{"note": f"{who} {rule['version']}"} for who in ("first", "second")],
                )
            )
        assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
        won, lost = sorted((answer.json() for answer in answers), key=lambda body: "error" in body)
        assert lost["current"]["note"] == won["note"]
        rule = call("GET", f"/rules/{rule['id']}")
        assert rule["note"] == won["note"]


def test_entry_in_use_is_not_removed(call: Call, ids: dict[str, str]) -> None:
    call("PATCH", f"/schedules/{ids['schedule']}", {"on_calendar": [{"calendar": ids["calendar"], "windows": []}]})
    rule = {
        "name": "Night shift",
        "who": {"groups": [ids["group"]]},
        "where": {"zones": [ids["zone"]]},
        "schedule": ids["schedule"],
    }
    made = call("POST", "/rules", rule)
    by_rule = {"kind": "rules", "id": made["id"], "name": "Night shift"}
    for path in (f"/groups/{ids['group']}", f"/zones/{ids['zone']}", f"/schedules/{ids['schedule']}"):
        refused = call("DELETE", path, status=409)
        assert (refused["error"], refused["used_by"]) == ("in_use", [by_rule])
        assert "rules[Night shift]" in refused["detail"]
        assert call("GET", path)["used_by"] == [by_rule]
    refused = call("DELETE", f"/calendars/{ids['calendar']}", status=409)
    assert refused["used_by"] == [{"kind": "schedules", "id": ids["schedule"], "name": "Days"}]
    assert call("DELETE", f"/sites/{ids['site']}", status=409)["error"] == "in_use"


def test_a_gate_that_a_rule_names_is_not_removed(system: System, call: Call, ids: dict[str, str]) -> None:
    gate = system.gates.add("garage")
    rule = call("POST", "/rules", {"name": "Garage", "who": EVERYBODY, "where": {"gates": [gate.id]}})
    refused = call("DELETE", "/gates/garage", status=409)
    assert refused["used_by"] == [{"kind": "rules", "id": rule["id"], "name": "Garage"}]
    call("DELETE", f"/rules/{rule['id']}")
    call("DELETE", "/gates/garage")


def test_site_is_removed_once_no_gate_is_at_it(call: Call) -> None:
    (site,) = call("GET", "/sites")["items"]
    assert {user["kind"] for user in site["used_by"]} == {"gate-places"}
    other = call("POST", "/sites", {"name": "Elsewhere", "time_zone": "UTC"})
    for gate in call("GET", "/gate-places")["items"]:
        call("PATCH", f"/gate-places/{gate['id']}", {"site": other["id"]})
    call("DELETE", f"/sites/{site['id']}")
    assert call("DELETE", f"/sites/{other['id']}", status=409)["error"] == "in_use"
    call("PATCH", f"/sites/{other['id']}", {"name": site["name"], "time_zone": site["time_zone"]})


@pytest.mark.both_databases
def test_lists_come_in_pages_and_lose_nothing(call: Call) -> None:
    names = [f"Crew {number}" for number in range(7)]
    made = {name: call("POST", "/groups", {"name": name})["id"] for name in reversed(names)}
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = call("GET", f"/groups?q=cREW&limit=3{f'&cursor={cursor}' if cursor else ''}")
        seen += [group["name"] for group in page["items"]]
        cursor, pages = page["next"], pages + 1
        if pages == 1:
            call("DELETE", f"/groups/{made['Crew 2']}")  # the last of the page: the next begins after it all the same
    assert (seen, pages) == (names, 3)
    for wrong in ("Q3Jldw", "!", "x" * 401):
        assert call("GET", f"/groups?cursor={wrong}", status=422 if len(wrong) > 400 else 400)["error"]
    assert call("GET", "/groups?limit=0", status=422)["error"] == "malformed_request"


def test_rules_are_found_by_whom_where_and_when(call: Call, ids: dict[str, str], people: list[str]) -> None:
    def named(query: str) -> set[str]:
        return {rule["name"] for rule in call("GET", f"/rules?{query}")["items"]}

    for old in call("GET", "/rules")["items"]:
        call("DELETE", f"/rules/{old['id']}")
    call("PATCH", f"/gate-places/{ids['gate']}", {"zone_to": ids["zone"]})
    for name, who, where, schedule in (
        ("by group", {"groups": [ids["group"]]}, {"zones": [ids["zone"]]}, None),
        ("by name", {"people": [people[2]]}, {"gates": [ids["other_gate"]]}, ids["schedule"]),
        ("all", EVERYBODY, EVERYWHERE, ids["schedule"]),
    ):
        call("POST", "/rules", {"name": name, "who": who, "where": where, "schedule": schedule})
    assert [rule["name"] for rule in call("GET", "/rules")["items"]] == ["all", "by group", "by name"]
    assert named(f"group={ids['group']}") == {"by group"}
    assert named(f"person={people[0]}") == {"by group", "all"}
    assert named(f"person={people[2]}") == {"by name", "all"}
    assert named(f"gate={ids['gate']}") == {"by group", "all"}
    assert named(f"gate={ids['other_gate']}") == {"by name", "all"}
    assert named(f"schedule={ids['schedule']}&q=ALL") == {"all"}
    assert call("GET", "/rules?person=nobody", status=404)["error"] == "unknown_employee"
    call("PATCH", f"/gate-places/{ids['gate']}", {"zone_to": None})
    for path in (f"/gate-modes?gate={ids['gate']}", f"/zones?site={ids['gate']}"):
        assert call("GET", path)["items"] == []


def test_warning_comes_with_the_change_that_causes_it(call: Call, ids: dict[str, str]) -> None:
    empty = call("POST", "/groups", {"name": "Nobody yet"})
    rule = {"name": "Nobody", "who": {"groups": [empty["id"]]}, "where": {"zones": [ids["zone"]]}}
    made = call("POST", "/rules", rule)
    assert {warning["code"] for warning in made["warnings"]} == {"groups_are_empty", "no_gates"}
    # Of another change it is no news.
    assert call("PATCH", f"/groups/{ids['group']}", {"description": "works here"})["warnings"] == []
    call("PATCH", f"/sites/{ids['site']}", {"time_zone": "Europe/Berlin"})
    night = {"name": "Gap", "windows": [{"days": ["Sun"], "start": "02:10", "length": "00:30"}]}
    (skipped, *_) = call("POST", "/schedules", night)["warnings"]
    assert skipped["code"] == "skipped_by_clock_change" and "Europe/Berlin" in skipped["detail"]


def test_members_come_and_go(client: TestClient, admin: Headers, call: Call, people: list[str]) -> None:
    crew = call("POST", "/groups", {"name": "Crew"})
    path = f"/groups/{crew['id']}/members"
    assert call("POST", path, {"add": people}, 200) == {"added": 3, "removed": 0, "members": 3}
    assert call("GET", f"/groups/{crew['id']}")["members"] == 3
    assert "Crew" in call("GET", f"/employees/{people[0]}")["groups"]
    page = call("GET", f"{path}?limit=2")
    assert [one["number"] for one in page["items"]] == ["E-0", "E-1"]
    assert [one["number"] for one in call("GET", f"{path}?cursor={page['next']}")["items"]] == ["E-2"]
    assert [one["number"] for one in call("GET", f"{path}?q=employee 1")["items"]] == ["E-1"]
    assert call("POST", path, {"add": people[:1], "remove": people[1:]}, 200) == {
        "added": 0, "removed": 2, "members": 1,
    }  # fmt: skip
    # The group's new name goes to them, in any case and with any accents.
    call("PATCH", f"/groups/{crew['id']}", {"name": "Équipe"})
    assert call("GET", f"/employees/{people[0]}")["groups"][-1] == "Équipe"
    taken = call("POST", "/groups", {"name": "EQUIPE"}, 400)
    assert (taken["error"], taken["field"]) == ("name_taken", "name")
    for body, status, code in (
        ({"add": ["nobody"]}, 404, "unknown_employee"),
        ({"add": [people[1]], "remove": [people[1]]}, 400, "bad_members"),
        ({"add": ["x"] * 1001}, 422, "malformed_request"),
        ({"add": [people[1], "nobody"]}, 404, "unknown_employee"),
    ):
        assert call("POST", path, body, status)["error"] == code
    assert call("GET", path)["next"] is None and len(call("GET", path)["items"]) == 1
    assert call("POST", "/groups/x/members", {}, 404)["error"] == "unknown_entry"
    call("DELETE", f"/groups/{crew['id']}")
    assert "Équipe" not in call("GET", f"/employees/{people[0]}")["groups"]


def test_a_group_of_a_directory_is_named_and_filled_there(system: System, call: Call, people: list[str]) -> None:
    with system.store.write() as tx:
        tx.rules.put(Group("01SCIM", "From the directory", GroupSource.SCIM))
    assert call("GET", "/groups/01SCIM")["source"] == "scim"
    assert call("PATCH", "/groups/01SCIM", {"name": "Ours"}, 409)["error"] == "group_of_directory"
    assert call("POST", "/groups/01SCIM/members", {"add": people}, 409)["error"] == "group_of_directory"
    assert call("PATCH", "/groups/01SCIM", {"description": "as HR has it"})["source"] == "scim"
    call("DELETE", "/groups/01SCIM")
