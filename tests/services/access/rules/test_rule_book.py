"""Changing rules: as a file or by the entry, with what a change does, and what two admins at once are told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.core.access.rule_edits import KINDS, Create, EntryChanged, InUse, Patch, Remove, version_of
from app.core.access.rules import EntryMode, GateMode, Group, Rule, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.accounts.users import Principal
from app.core.errors import BadInput, Conflict, NotFound, Outdated
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from app.core.types import Reason, Role
from app.services.access.rules.group_members import GroupMembers, MemberChange
from app.services.access.rules.permits import Permits
from app.services.access.rules.rule_book import RuleBook
from app.services.access.rules.rule_questions import RuleQuestions
from tests.fakes import Clock, new_id, person, photo
from tests.services.process import Process

DAYS = {
    "name": "Days",
    "windows": [{"days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "start": "07:00", "length": "12:00"}],
}
STAFF = {"name": "Staff", "who": {"groups": ["Staff"]}, "where": "everywhere", "schedule": "Days"}


EVERYWHERE = Where(everywhere=True)
ADMIN = Principal("01ADMIN", "admin", frozenset({Role.ADMIN}), None, "key")


@pytest.fixture
def book(site: Process) -> RuleBook:
    return RuleBook(site.store, site.clock, new_id)


@pytest.fixture
def permits(site: Process) -> Permits:
    return Permits(site.store, site.log, site.clock, new_id)


@pytest.fixture
def staff(site: Process) -> list[str]:
    """The ids of three people of the group Staff, and one other; the first is enrolled."""
    site.enrol("E-0", photo(person(0)))
    for number in (1, 2, 3):
        site.enrolment.add(Details(f"E-{number}", f"Employee {number}", groups=("Staff",) if number < 3 else ()))
    first = site.enrolment.by_number("E-0")
    assert first is not None
    site.enrolment.update(first.id, lambda e: Details(e.number, e.name, groups=("Staff",)))
    return [e.id for number in range(4) if (e := site.enrolment.by_number(f"E-{number}")) is not None]


def changed(book: RuleBook, **parts: Any) -> dict[str, Any]:
    """The file as it is, with other parts."""
    return {**book.file()[1], **parts}


def entry_of(book: RuleBook, part: type[Any], name: str) -> Any:
    shown = book.show(lambda rules: [one for one in getattr(rules, KINDS[part]) if one.name == name])
    (entry,) = shown.entries
    return entry


def only_staff(book: RuleBook, **change: Any) -> Patch:
    """Everybody's rule becomes one for the group Staff."""
    rule, staff = entry_of(book, Rule, "Everybody, everywhere, always"), entry_of(book, Group, "Staff")
    who = Who(groups=frozenset({staff.id}))
    return Patch(Rule, rule.id, lambda before: replace(before, name="Staff", who=who, **change), version_of(rule))


def test_file_is_applied_as_a_whole_and_its_effect_is_reported(book: RuleBook, site: Process, staff: list[str]) -> None:
    site.gates.add("lobby-2")
    wanted = changed(book, schedules=[DAYS], rules=[STAFF])
    before = book.file()
    proposed = book.apply(wanted, dry_run=True)
    assert book.file() == before
    assert proposed.difference.words == "This takes 1 person off 2 gates, takes hours from 3 people at 2 gates."
    assert site.sees() == "recognised"
    done = book.apply(wanted, version=before[0])
    assert done.difference == proposed.difference
    assert done.version > before[0]
    again = book.apply(book.file()[1])
    assert again.version == done.version == book.file()[0]  # nothing changes, so nothing has a new version
    assert book.file()[1]["rules"] == [STAFF]


def test_wrong_file_changes_nothing(book: RuleBook) -> None:
    before = book.file()
    with pytest.raises(BadInput, match=r"rules\[0\].schedule"):
        book.apply(changed(book, groups=[{"name": "New"}], rules=[{**STAFF, "who": "everybody"}]))
    assert book.file() == before


def test_file_based_on_an_older_version_is_refused_with_the_current_rules(book: RuleBook, site: Process) -> None:
    version, data = book.file()
    book.edit(Create(Group, lambda new: Group(new, "Night")))
    with pytest.raises(Outdated) as refused:
        book.apply(data, version=version)
    assert refused.value.current["rules"]["groups"] == [{"name": "Night"}]
    assert refused.value.current["version"] == book.file()[0]


def test_second_admins_conflict_shows_the_first_admins_change(book: RuleBook, staff: list[str]) -> None:
    first, second = only_staff(book, note="the first"), only_staff(book, note="the second")
    made = book.edit(first).entries[0]
    with pytest.raises(EntryChanged) as refused:
        book.edit(second)
    assert refused.value.entry == made == entry_of(book, Rule, "Staff")
    # A change of something else does not conflict.
    book.edit(Create(Group, lambda new: Group(new, "Night")))
    book.edit(replace(second, version=version_of(made)))
    assert entry_of(book, Rule, "Staff").note == "the second"


def test_entry_in_use_cannot_be_deleted_and_its_users_are_named(book: RuleBook, staff: list[str]) -> None:
    days = book.edit(Create(Schedule, lambda new: Schedule(new, "Days", (Window((0,), Hours(60, 60)),)))).entries[0]
    book.edit(only_staff(book, schedule_id=days.id))
    group = entry_of(book, Group, "Staff")
    for used in (days, group):
        with pytest.raises(InUse, match=r"rules\[Staff\]"):
            book.edit(Remove(type(used), used.id))
    book.edit(Remove(Rule, entry_of(book, Rule, "Staff").id))
    assert book.edit(Remove(Schedule, days.id)).entries == ()
    with pytest.raises(NotFound):
        book.edit(Remove(Schedule, days.id))


def test_renamed_group_keeps_its_members(book: RuleBook, site: Process, staff: list[str]) -> None:
    book.edit(only_staff(book))
    group = entry_of(book, Group, "Staff")
    rename = Patch(Group, group.id, lambda before: replace(before, name="Crew"))
    assert book.propose([rename]).difference.gates == ()
    book.edit(rename)
    assert site.enrolment.get(staff[0]).groups == ("Crew",)
    assert site.sees() == "recognised"
    book.edit(Remove(Rule, entry_of(book, Rule, "Staff").id))
    book.edit(Remove(Group, group.id))
    assert site.enrolment.get(staff[0]).groups == ()
    assert site.sees() == "no_rule"


def test_gate_mode_is_an_entry(book: RuleBook, site: Process) -> None:
    gate = site.gates.get("lobby-1").id
    mode = book.edit(Create(GateMode, lambda new: GateMode(new, gate, EntryMode.NO_ENTRY))).entries[0]
    assert site.sees() == "no_entry"
    book.edit(Patch(GateMode, mode.id, lambda before: replace(before, mode=EntryMode.NORMAL), version_of(mode)))
    assert site.sees() == "not_recognised"
    book.edit(Remove(GateMode, mode.id))
    assert book.show(lambda rules: rules.modes).entries == ()


def test_proposal_is_refused_like_the_change_and_changes_nothing(book: RuleBook, staff: list[str]) -> None:
    before = book.file()
    gone = Remove(Rule, entry_of(book, Rule, "Everybody, everywhere, always").id)
    told = book.propose([gone, Remove(Group, entry_of(book, Group, "Staff").id)])
    assert told.difference.words == "This takes 4 people off 1 gate; nobody is left for lobby-1."
    assert {told.people[one].number for one in told.difference.gates[0].lost} == {"E-0", "E-1", "E-2", "E-3"}
    nobody = Who(people=frozenset({"01X"}))
    for wrong, error in (
        (only_staff(book, schedule_id="01X"), BadInput),
        (Create(Rule, lambda new: Rule(new, "Nobody", nobody, EVERYWHERE)), BadInput),
        (Remove(Rule, "01X"), NotFound),
    ):
        with pytest.raises(error):
            book.propose([wrong])
    assert book.file() == before


def test_members_change_all_or_nothing(book: RuleBook, site: Process, staff: list[str]) -> None:
    members, group = GroupMembers(site.store), entry_of(book, Group, "Staff")
    book.edit(only_staff(book))
    assert members.change(group.id, (), staff[:1]) == MemberChange(0, 1, 2)
    assert site.sees() == "no_rule"
    assert members.change(group.id, staff, ()) == MemberChange(2, 0, 4)
    assert site.sees() == "recognised"
    with pytest.raises(NotFound):
        members.change(group.id, (), [*staff, "01X"])
    assert [one.number for one in members.find(group.id, EmployeeFilter(after="E-1"))] == ["E-2", "E-3"]
    full = Details("E-9", "Nine", groups=tuple(f"Group {number}" for number in range(50)))
    nine = site.enrolment.add(full)
    with pytest.raises(BadInput, match="50 groups"):
        members.change(group.id, [nine.id], staff)
    assert site.enrolment.get(staff[0]).groups == ("Staff",)


def test_explanation_and_list_of_who_may_pass(book: RuleBook, site: Process, staff: list[str]) -> None:
    questions = RuleQuestions(site.store, site.clock)
    book.apply(changed(book, schedules=[DAYS], rules=[STAFF]))
    sunday = site.clock().replace(day=22)
    answer = questions.explain("E-0", "lobby-1", sunday)
    assert answer.reason is Reason.OUTSIDE_SCHEDULE
    assert answer.explanation.words == "Opens Mon 07:00."
    assert answer.explanation.version == book.file()[0]
    noon = site.clock().replace(hour=12)
    assert questions.explain(staff[1], "lobby-1", noon).reason is Reason.RECOGNISED
    assert questions.explain("E-3", "lobby-1", noon).reason is Reason.NO_RULE
    assert [e.number for e in questions.who("lobby-1", noon)] == ["E-0", "E-1", "E-2"]
    assert questions.who("lobby-1", sunday) == []
    for unknown in (lambda: questions.explain("E-9", "lobby-1"), lambda: questions.who("garage")):
        with pytest.raises(NotFound):
            unknown()


def test_grant_lasts_a_day_and_can_be_ended(
    book: RuleBook, permits: Permits, site: Process, staff: list[str], clock: Clock
) -> None:
    book.apply(changed(book, rules=[]))
    here = Where(gates=frozenset({site.gates.get("lobby-1").id}))
    made = permits.grant(ADMIN, staff[0], here, "meets the auditor")
    assert made.ends_at - made.starts_at == timedelta(hours=24)
    answer = site.decide(photo(person(0)))
    assert answer.rule is not None and answer.rule.name == "temporary: meets the auditor"
    assert book.show(lambda rules: [permits.one(rules, made.id)]).entries == (made,)
    clock.advance(hours=24)
    with pytest.raises(NotFound):
        book.show(lambda rules: [permits.one(rules, made.id)])
    assert site.sees() == "no_rule"
    later = permits.grant(ADMIN, staff[0], EVERYWHERE, "a parcel")
    assert site.sees() == "recognised"
    permits.end(ADMIN, later.id)
    assert site.sees() == "no_rule"
    with pytest.raises(NotFound):
        permits.end(ADMIN, later.id)


def test_grant_never_outlives_a_block(
    book: RuleBook, permits: Permits, site: Process, staff: list[str], clock: Clock
) -> None:
    book.apply(changed(book, rules=[]))
    permits.grant(ADMIN, staff[0], EVERYWHERE, "a parcel")
    permits.block(staff[0], "lost badge", clock() + timedelta(hours=1))
    assert site.sees() == "blocked"
    with pytest.raises(Conflict, match="blocked"):
        permits.grant(ADMIN, staff[0], EVERYWHERE, "a parcel")
    clock.advance(hours=1)
    assert site.sees() == "no_rule"
    permits.block(staff[0], "lost badge")
    permits.grant(ADMIN, staff[1], EVERYWHERE, "another person")
    assert site.sees() == "blocked"
    permits.unblock(staff[0])
    assert site.sees() == "no_rule"


def test_directory_groups_cannot_be_deleted(book: RuleBook, site: Process) -> None:
    with site.store.write() as tx:
        tx.rules.put(Group("01H", "Local"))
    book.apply(changed(book, groups=[]))
    assert book.show(lambda rules: rules.groups).entries == ()


def test_a_first_day_begins_at_midnight_at_the_gate_in_every_answer(site: Process, staff: list[str]) -> None:
    with site.store.write() as tx:
        (here,) = tx.rules.all().sites
        tx.rules.put(replace(here, time_zone="Australia/Sydney"))
    site.enrolment.update(staff[1], lambda e: Details(e.number, e.name, valid_from=date(2026, 12, 1)))
    questions = RuleQuestions(site.store, site.clock)
    midnight = datetime(2026, 11, 30, 13, tzinfo=UTC)
    before = midnight - timedelta(milliseconds=1)
    assert questions.explain("E-1", "lobby-1", before).reason is Reason.NOT_YET_VALID
    assert questions.explain("E-1", "lobby-1", midnight).reason is Reason.RECOGNISED
    assert "E-1" not in [one.number for one in questions.who("lobby-1", before)]
    assert "E-1" in [one.number for one in questions.who("lobby-1", midnight)]
