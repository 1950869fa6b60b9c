"""Rules as a file: a round trip changes nothing, names stand for ids, and what is wrong is named by its place."""

import copy
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from app.core.access.file_values import BadRulesFile
from app.core.access.rule_set import RuleSet, in_order
from app.core.access.rules import GatePlace, Group, GroupSource, Lane
from app.core.access.rules_file import RulesReader, write
from app.core.errors import BadInput
from tests.core.access.policy_page import RULES
from tests.core.access.worlds import PATIENT, PEOPLE, worlds

NUMBERS = {person: f"E-{person}" for person in (*PEOPLE, "cem")}
IDS = {number: person for person, number in NUMBERS.items()}
GATES_ALONE = RuleSet(gates=tuple(GatePlace(gate.id, gate.name, "") for gate in RULES.gates))


def read(data: object, known: RuleSet = RULES) -> RuleSet:
    numbers = itertools.count()
    return RulesReader(known, IDS, lambda: f"new-{next(numbers)}").read(data)


def written() -> dict[str, Any]:
    return copy.deepcopy(write(RULES, NUMBERS))


@PATIENT
@given(worlds())
def test_round_trip_changes_nothing(world: RuleSet) -> None:
    stored = replace(world, zones=in_order(world.zones), groups=in_order(world.groups))
    data = write(stored, NUMBERS)
    assert read(data, stored) == replace(
        stored,
        calendars=tuple(replace(calendar, days=tuple(sorted(calendar.days))) for calendar in stored.calendars),
        schedules=tuple(replace(schedule, windows=tuple(sorted(schedule.windows))) for schedule in stored.schedules),
    )
    assert write(read(json.loads(json.dumps(data)), stored), NUMBERS) == data


def test_round_trip_through_an_empty_installation() -> None:
    applied = read(written(), GATES_ALONE)
    assert write(applied, NUMBERS) == written()
    assert {rule.name for rule in applied.rules} == {rule.name for rule in RULES.rules}
    assert all(rule.id.startswith("new-") for rule in applied.rules)


def test_order_in_a_file_does_not_matter() -> None:
    turned = {key: value[::-1] if isinstance(value, list) else value for key, value in reversed(written().items())}
    assert write(read(turned), NUMBERS) == written()


def test_known_name_keeps_its_id_and_grants_stay() -> None:
    data = written()
    data["rules"][0]["note"] = "since the move"
    changed = read(data)
    assert [rule.id for rule in changed.rules] == [rule.id for rule in RULES.rules]
    assert changed.rules[0].note == "since the move"
    assert changed.grants == RULES.grants


def test_omitted_parts_are_deleted_except_gates_and_directory_groups() -> None:
    """Rules go; gates cannot be removed by a file, and a directory's groups belong to the directory."""
    sent = Group("sent", "Sent by HR", GroupSource.SCIM)
    known = replace(RULES, groups=(*RULES.groups, sent), lanes=(Lane("l", "Lobby", ("lobby-in", "lobby-out")),))
    left = read({"format": 1, "sites": written()["sites"], "zones": written()["zones"]}, known)
    assert (left.rules, left.lanes, left.schedules) == ((), (), ())
    assert left.gates == in_order(known.gates)
    assert left.groups == (sent,)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), 2, "format: Only format 1 can be read."),
        (("extra",), [], "extra: This key is not known."),
        (("sites",), {}, "sites: Write a list."),
        (("sites", 0, "time_zone"), "Europe/Bonn", 'sites[0]: "Europe/Bonn" is not a time zone.'),
        (("sites", 0, "name"), None, "sites[0].name: Write text"),
        (("zones", 0, "inside"), "Attic", 'zones[0].inside: There is no zone "Attic".'),
        (("gates", 0, "name"), "garage", 'gates[0].name: There is no gate "garage".'),
        (("groups", 0), "Staff", "groups[0].name: Write text"),
        (("groups", 0, "source"), "ldap", "groups[0].source: Write one of local, scim."),
        (("calendars", 0, "dates", 0), "2026-13-01", "calendars[0].dates[0]: Write a date"),
        (("calendars", 0, "yearly", 0), "25.12.", "calendars[0].yearly[0]: Write a month and a day"),
        (("calendars", 0, "yearly"), ["12-25", "12-25"], "calendars[0]: 12-25 of every year is in the calendar twice."),
        (("calendars", 0, "dates", 0), {"date": "2026-12-24"}, "calendars[0].dates[0]: name is missing."),
        (
            ("calendars", 0, "yearly", 0),
            {"date": "12-25", "name": " "},
            "calendars[0].yearly[0]: name must not be empty.",
        ),
        (
            ("schedules", 0, "windows", 0, "start"),
            420,
            "schedules[0].windows[0].start: Write hours and minutes in quotes",
        ),
        (("schedules", 0, "windows", 0, "length"), "00:00", "schedules[0].windows[0]: A window is longer than nothing"),
        (("schedules", 0, "windows", 0, "length"), "24:01", "schedules[0].windows[0]: A window is longer than nothing"),
        (("schedules", 0, "windows", 0, "days", 0), "Monday", "schedules[0].windows[0].days[0]: Write one of Mon, Tue"),
        (("schedules", 0, "windows", 0, "ends"), "09:00", "schedules[0].windows[0].ends: This key is not known."),
        (
            ("schedules", 0, "on_calendar", 0, "calendar"),
            "Fair",
            "schedules[0].on_calendar[0].calendar: There is no calendar",
        ),
        (("rules", 0, "who"), {}, "rules[0].who: A rule is for everybody, or for groups and people"),
        (("rules", 0, "who"), {"people": ["E-9"]}, 'rules[0].who.people[0]: There is no person with the number "E-9".'),
        (("rules", 0, "where"), "nowhere", "rules[0].where: Write a mapping with sites, zones, gates."),
        (("rules", 0, "schedule"), "Weekends", 'rules[0].schedule: There is no schedule "Weekends".'),
        (("rules", 0, "valid_from"), 20261201, "rules[0].valid_from: Write text"),
        (
            ("modes", 0, "mode"),
            "open",
            "modes[0].mode: Write one of no_entry, pin_and_face, ",
        ),
    ],
)
def test_error_names_its_place(path: tuple[str | int, ...], value: object, said: str) -> None:
    data = written()
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BadRulesFile) as refused:
        read(data)
    assert refused.value.detail.startswith(said)
    assert refused.value.code == "bad_rules_file"


def test_error_text_is_short_and_printable() -> None:
    data = written()
    data["rules"][0]["schedule"] = "\ud800" * 100_000
    with pytest.raises(BadRulesFile) as refused:
        read(data)
    assert len(refused.value.detail.encode()) < 10_000


def test_parts_that_contradict_each_other_are_refused() -> None:
    data = written()
    data["zones"] = [
        {"name": "A", "site": "Harbour", "inside": "B"},
        {"name": "B", "site": "Harbour", "inside": "A"},
    ]
    with pytest.raises(BadInput, match=r"zones\[A\]\.parent: The zone would be inside itself"):
        read(data | {"gates": [], "rules": [], "modes": []}, RuleSet())


@pytest.mark.parametrize("data", [None, [], "rules", 7, {"sites": []}])
def test_other_types_are_refused(data: object) -> None:
    with pytest.raises(BadRulesFile):
        read(data)
