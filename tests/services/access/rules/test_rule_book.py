"""Changing rules: as a file or by the entry, with what a change does, and what two admins at once are told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.core.access.rules import Group
from app.core.errors import BadInput, Conflict, NotFound, Outdated
from app.core.people.details import Details
from app.core.types import Reason
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


@pytest.fixture
def book(site: Process) -> RuleBook:
    return RuleBook(site.store, site.clock, new_id)


@pytest.fixture
def permits(site: Process) -> Permits:
    return Permits(site.store, site.clock, new_id)


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


def entry_of(book: RuleBook, kind: str, name: str) -> str:
    return next(entry.id for entry in book.entries(kind) if entry.data["name"] == name)


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
    book.save("schedules", DAYS)
    with pytest.raises(Outdated) as refused:
        book.apply(data, version=version)
    assert refused.value.current["rules"]["schedules"] == [DAYS]
    assert refused.value.current["version"] == book.file()[0]


def test_second_admins_conflict_shows_the_first_admins_change(book: RuleBook, staff: list[str]) -> None:
    book.save("schedules", DAYS)
    rule = entry_of(book, "rules", "Everybody, everywhere, always")
    mark = book.entry("rules", rule).mark
    book.save("rules", {**STAFF, "note": "the first"}, rule, mark)
    with pytest.raises(Outdated) as refused:
        book.save("rules", {**STAFF, "note": "the second"}, rule, mark)
    assert refused.value.current["note"] == "the first"
    assert refused.value.current["mark"] == book.entry("rules", rule).mark
    # A change of something else is in nobody's way.
    book.save("groups", {"name": "Night"})
    book.save("rules", {**STAFF, "note": "the second"}, rule, refused.value.current["mark"])
    assert book.entry("rules", rule).data["note"] == "the second"


def test_entry_in_use_cannot_be_deleted_and_its_users_are_named(book: RuleBook, staff: list[str]) -> None:
    book.save("schedules", DAYS)
    book.save("rules", STAFF)
    for kind, name in (("schedules", "Days"), ("groups", "Staff")):
        with pytest.raises(Conflict, match=r"rules\[Staff\]"):
            book.delete(kind, entry_of(book, kind, name))
    book.delete("rules", entry_of(book, "rules", "Staff"))
    book.delete("schedules", entry_of(book, "schedules", "Days"))
    assert book.entries("schedules") == []


def test_renamed_group_keeps_its_members(book: RuleBook, site: Process, staff: list[str]) -> None:
    book.save("rules", {**STAFF, "schedule": None})
    book.delete("rules", entry_of(book, "rules", "Everybody, everywhere, always"))
    book.save("groups", {"name": "Crew"}, entry_of(book, "groups", "Staff"))
    assert site.enrolment.get(staff[0]).groups == ("Crew",)
    assert book.entries("rules")[0].data["who"] == {"groups": ["Crew"]}
    assert site.sees() == "recognised"
    book.delete("rules", entry_of(book, "rules", "Staff"))
    book.delete("groups", entry_of(book, "groups", "Crew"))
    assert site.enrolment.get(staff[0]).groups == ()
    assert site.sees() == "no_rule"


def test_rules_place_a_gate_but_do_not_add_or_delete_it(book: RuleBook, site: Process) -> None:
    home = book.entries("sites")[0].data["name"]
    book.save("zones", {"name": "Office", "site": home})
    (gate,) = book.entries("gates")
    book.save("gates", {**gate.data, "to": "Office", "time_zone": "Asia/Tokyo"}, gate.id)
    assert book.entry("gates", gate.id).data == {
        "name": "lobby-1", "site": home, "to": "Office", "time_zone": "Asia/Tokyo"
    }  # fmt: skip
    for attempt in (lambda: book.save("gates", gate.data), lambda: book.delete("gates", gate.id)):
        with pytest.raises(BadInput, match="/v1/gates"):
            attempt()


def test_gate_mode_is_an_entry(book: RuleBook, site: Process) -> None:
    book.save("modes", {"gate": "lobby-1", "mode": "no_entry"})
    (mode,) = book.entries("modes")
    assert site.sees() == "no_entry"
    book.save("modes", {"gate": "lobby-1", "mode": "normal"}, mode.id, mode.mark)
    assert site.sees() == "not_recognised"
    book.delete("modes", book.entries("modes")[0].id)
    assert book.entries("modes") == []


def test_unknown_entry_is_not_found(book: RuleBook) -> None:
    for attempt in (
        lambda: book.entries("doors"),
        lambda: book.entry("rules", "01X"),
        lambda: book.save("rules", STAFF, "01X"),
        lambda: book.delete("rules", "01X"),
    ):
        with pytest.raises(NotFound):
            attempt()


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
    made = permits.grant(staff[0], ("lobby-1",), "meets the auditor", "admin")
    assert made.ends_at - made.starts_at == timedelta(hours=24)
    answer = site.decide(photo(person(0)))
    assert answer.rule is not None and answer.rule.name == "temporary: meets the auditor"
    assert permits.grants() == [made]
    clock.advance(hours=24)
    assert permits.grants() == []
    assert site.sees() == "no_rule"
    later = permits.grant(staff[0], (), "a parcel", "admin")
    assert site.sees() == "recognised"
    permits.end(later.id)
    assert site.sees() == "no_rule"
    with pytest.raises(NotFound):
        permits.end(later.id)


def test_grant_never_outlives_a_block(
    book: RuleBook, permits: Permits, site: Process, staff: list[str], clock: Clock
) -> None:
    book.apply(changed(book, rules=[]))
    permits.grant(staff[0], (), "a parcel", "admin")
    permits.block(staff[0], "lost badge", clock() + timedelta(hours=1))
    assert site.sees() == "blocked"
    with pytest.raises(Conflict, match="blocked"):
        permits.grant(staff[0], (), "a parcel", "admin")
    clock.advance(hours=1)
    assert site.sees() == "no_rule"
    permits.block(staff[0], "lost badge")
    permits.grant(staff[1], (), "another person", "admin")
    assert site.sees() == "blocked"
    permits.unblock(staff[0])
    assert site.sees() == "no_rule"


def test_directory_groups_cannot_be_deleted(book: RuleBook, site: Process) -> None:
    with site.store.write() as tx:
        tx.rules.put(Group("01H", "Local"))
    book.apply(changed(book, groups=[]))
    assert book.entries("groups") == []


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
