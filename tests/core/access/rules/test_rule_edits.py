"""One change of the rules: what it makes, and what refuses it."""

from dataclasses import replace
from datetime import date
from itertools import count

import pytest

from app.core.access.rule_edits import Create, EntryChanged, InUse, Patch, Remove, edited, version_of
from app.core.access.rule_set import Contradiction, RuleSet
from app.core.access.rules import Group, GroupSource, Rule, Site, Where, Who, Zone
from app.core.access.schedules import Calendar, CalendarDay
from app.core.errors import Conflict, NotFound

EVERYWHERE = Where(everywhere=True)
HERE = RuleSet(1, sites=(Site("s", "Here", "UTC"),), groups=(Group("g", "Staff"),))


def new_id() -> str:
    return "new"


def rule_of(number: int) -> Rule:
    return Rule(f"r{number:02}", f"Rule {number:02}", Who(groups=frozenset({"g"})), EVERYWHERE)


def test_entry_is_created_patched_and_removed() -> None:
    after, made = edited(HERE, Create(Zone, lambda zone_id: Zone(zone_id, "Office", "s")), new_id)
    assert (made, after.zones) == ("new", (Zone("new", "Office", "s"),))
    after, made = edited(after, Patch(Zone, "new", lambda before: replace(before, name="Lab")), new_id)
    assert (made, after.zones) == ("new", (Zone("new", "Lab", "s"),))
    assert edited(after, Remove(Zone, "new"), new_id) == (HERE, "new")
    for wrong in (Patch(Zone, "new", lambda before: before), Remove(Zone, "new")):
        with pytest.raises(NotFound):
            edited(HERE, wrong, new_id)


def test_last_site_stays() -> None:
    with pytest.raises(Conflict) as refused:
        edited(HERE, Remove(Site, "s"), new_id)
    assert refused.value.code == "last_site"
    two = replace(HERE, sites=(*HERE.sites, Site("t", "There", "UTC")))
    assert edited(two, Remove(Site, "s"), new_id)[0].sites == (Site("t", "There", "UTC"),)


def test_users_of_an_entry_are_named_up_to_twenty() -> None:
    used = replace(HERE, rules=tuple(rule_of(number) for number in range(25)))
    with pytest.raises(InUse) as refused:
        edited(used, Remove(Group, "g"), new_id)
    assert "rules[Rule 19] and 5 more" in refused.value.detail
    assert len(refused.value.users) == 25


def test_directory_names_its_own_groups() -> None:
    sent = replace(HERE, groups=(Group("g", "Staff", GroupSource.SCIM),))
    with pytest.raises(Conflict) as refused:
        edited(sent, Patch(Group, "g", lambda before: replace(before, name="Crew")), new_id)
    assert refused.value.code == "group_of_directory"
    described = edited(sent, Patch(Group, "g", lambda before: replace(before, description="HR")), new_id)[0]
    assert described.groups[0].description == "HR"


def test_contradiction_is_refused() -> None:
    with pytest.raises(Contradiction):
        edited(HERE, Create(Zone, lambda zone_id: Zone(zone_id, "Office", "nowhere")), new_id)
    with pytest.raises(Contradiction):
        edited(HERE, Create(Group, lambda group_id: Group(group_id, "STAFF")), new_id)


def test_version_differs_for_every_state_of_an_entry() -> None:
    christmas, names = date(2026, 12, 25), count()
    states = [
        *(rule_of(1), replace(rule_of(1), note="x"), replace(rule_of(1), valid_from=christmas)),
        replace(rule_of(1), who=Who(groups=frozenset({"g", "h"}))),
        *(Calendar("c", "C", (CalendarDay(christmas, yearly),)) for yearly in (False, True)),
        *(Calendar("c", "C", (CalendarDay(christmas, name=f"Day {next(names)}"),)) for _ in range(2)),
    ]
    versions = [version_of(state) for state in states]
    assert len(set(versions)) == len(states)
    again = replace(rule_of(1), who=Who(groups=frozenset(["h", "g"])))
    assert version_of(again) == versions[3]
    with pytest.raises(EntryChanged):
        edited(HERE, Remove(Group, "g", versions[0]), new_id)
