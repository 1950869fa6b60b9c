"""Personal data goes when its time is over: a little at a time, with receipts, and the log still verifies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.accounts.users import Method, SignIn, SignInOutcome
from app.core.alerts.alert import Acknowledgement, Alert, AlertKind
from app.core.errors import NotFound, NotRecorded
from app.core.events.corrections import CorrectionKind
from app.core.people.details import Details
from app.core.site.retention import DAY, Kind, message
from app.core.types import Status
from app.services.alerts.transient_alerts import TransientAlerts
from app.services.events.corrections import Corrections
from app.services.people.retention import retention
from tests.fakes import NOW, Clock, new_id, person, photo
from tests.services.process import Process
from tests.stores import statements

STRANGER = 7


def on(seconds: float) -> bool:
    """Never stops, and waits for nobody."""
    return False


@pytest.fixture
def events(site: Process) -> dict[str, str]:
    """One event of each sort, by what it is."""
    site.enrol("E-1", photo(person(0)))
    asleep = site.enrol("E-2", photo(person(1)))
    site.enrolment.update(asleep.id, lambda one: Details.of(one, status=Status.INACTIVE))
    return {
        "passage": site.decide(photo(person(0))).id,
        "denied": site.decide(photo(person(1))).id,
        "stranger": site.decide(photo(person(STRANGER))).id,
        "reported": site.decide(photo(person(STRANGER + 1))).id,
    }


def has_picture(site: Process, event_id: str) -> bool:
    try:
        site.events.snapshot(event_id)
    except NotFound:
        return False
    return True


def pictures(site: Process, events: dict[str, str]) -> set[str]:
    kept = {name for name, event_id in events.items() if has_picture(site, event_id)}
    assert kept == {name for name, event_id in events.items() if site.events.get(event_id).has_picture}
    return kept


def detailed(site: Process, events: dict[str, str]) -> set[str]:
    return {name for name, event_id in events.items() if site.events.get(event_id).decision is not None}


def counts(site: Process) -> dict[str, int]:
    return {one.kind.value: one.due for one in site.retention.states(counted=True) if one.due}


def keep(site: Process, **hours: int) -> None:
    with site.store.write() as tx:
        tx.site_settings.put(replace(tx.site_settings.get(), kept_hours=hours))


def test_each_kind_of_event_goes_on_its_day_and_the_log_verifies(
    site: Process, clock: Clock, events: dict[str, str]
) -> None:
    TransientAlerts(site.store, clock, new_id).reported(events["reported"], "user-7", "this was Éva")
    assert site.retention.run(on) == {}
    # nothing is due at the very moment, and everything right after it
    clock.advance(hours=72)
    assert site.retention.run(on) == {} and counts(site) == {}
    clock.advance(seconds=1)
    assert counts(site) == {"stranger_pictures": 1}
    assert site.retention.run(on) == {Kind.STRANGER_PICTURES: 1}
    assert pictures(site, events) == {"passage", "denied", "reported"} and len(detailed(site, events)) == 4
    assert site.recorded() == 4
    clock.advance(days=87)
    assert site.retention.run(on)[Kind.PASSAGES] == 1
    assert detailed(site, events) == {"denied", "stranger", "reported"} and site.recorded() == 4
    clock.advance(days=90)
    assert counts(site).keys() >= {"events", "alerts"}
    assert site.retention.run(on)[Kind.EVENTS] == 3
    assert detailed(site, events) == pictures(site, events) == set() and site.recorded() == 4
    clock.advance(days=1)
    assert site.retention.run(on) == counts(site) == {}
    with site.store.read() as tx:
        assert not any(name.startswith("day:") for name in tx.data_keys.all()), "the key of the day is destroyed"
        left = [tx.events.get(event_id) for event_id in events.values()]
        assert [(row.employee_id, row.subject_id) for row in left if row] == [(None, None)] * 4


def test_what_people_wrote_about_an_event_goes_with_it(site: Process, clock: Clock, events: dict[str, str]) -> None:
    corrections = Corrections(site.store, site.log, site.vault, site.signer, clock, new_id)
    bob = site.enrol("E-3", photo(person(2)))
    corrections.add(events["stranger"], CorrectionKind.WAS, bob.id, "user-7")
    keep(site, alerts=300 * DAY)
    TransientAlerts(site.store, clock, new_id).reported(events["passage"], "user-7", "not Éva")
    clock.advance(days=181)
    site.retention.run(on)
    (said,) = corrections.of(events["stranger"])
    assert (said.employee, said.forged) == (None, False)
    with site.store.read() as tx:
        about = tx.alerts.about(events["passage"])
        assert about is not None and about.detail == ""
        assert next(iter(tx.seals.flaws()), None) is None
    assert site.recorded() == 4


def test_receipts_grow_with_the_day_and_are_signed(site: Process, clock: Clock, events: dict[str, str]) -> None:
    clock.advance(hours=73)
    site.retention.run(on)
    clock.advance(hours=1)
    site.decide(photo(person(STRANGER)))
    keep(site, stranger_pictures=1)
    clock.advance(hours=2)
    site.retention.run(on)
    (receipt,) = site.retention.receipts()
    assert (receipt.kind, receipt.count, receipt.at) == (Kind.STRANGER_PICTURES, 3, clock())
    assert receipt.before == clock() - timedelta(hours=1)
    assert site.signer.verify(message(receipt), receipt.signature)
    state = site.retention.states()[0]
    assert (state.hours, state.usual_hours, state.last, state.removed, state.due) == (1, 72, receipt, 3, None)


@pytest.mark.parametrize(
    "sql", ["UPDATE removals SET count = 9", "DELETE FROM removals", "UPDATE removals SET kind='x'"]
)
def test_forged_receipt_explains_nothing(site: Process, clock: Clock, events: dict[str, str], sql: str) -> None:
    clock.advance(hours=73)
    site.retention.run(on)
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(sql)
    report = site.audit.verify()
    assert report.flaw is not None and report.flaw.event_id == events["stranger"]


@pytest.mark.parametrize(
    ("name", "emptied"),
    [
        ("denied", "employee_id=NULL, subject_id=NULL, sealed_payload=NULL, sealed_snapshot=NULL"),
        ("late", "sealed_snapshot=NULL"),
        ("passage", "sealed_snapshot=NULL"),
    ],
)
def test_removal_that_was_not_due_is_found(
    site: Process, clock: Clock, events: dict[str, str], name: str, emptied: str
) -> None:
    """A receipt explains nothing newer than its time, and no picture of somebody who is known."""
    clock.advance(days=91)
    late = site.decide(photo(person(STRANGER)))
    site.retention.run(on)
    assert site.audit.verify().valid
    hidden = {**events, "late": late.id}[name]
    if name == "passage":
        hidden = site.decide(photo(person(0))).id
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE events SET {emptied} WHERE id = '{hidden}'")
    report = site.audit.verify()
    assert report.flaw is not None and report.flaw.event_id == hidden


def test_run_that_is_cut_off_goes_on_where_it_was(
    site: Process, clock: Clock, events: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    clock.advance(hours=73)

    def killed(*args: Any) -> None:
        raise NotRecorded("power cut")

    with monkeypatch.context() as at_the_commit:
        at_the_commit.setattr(retention, "note", killed)
        with pytest.raises(NotRecorded):
            site.retention.run(on)
    assert pictures(site, events) == set(events) and site.retention.receipts() == [] and site.recorded() == 4
    assert site.retention.run(lambda seconds: True) == {Kind.STRANGER_PICTURES: 1}, "it stops after a step"
    assert site.retention.run(on) == {Kind.STRANGER_PICTURES: 1}
    assert pictures(site, events) == {"passage", "denied"} and site.recorded() == 4


def test_nothing_goes_while_the_clock_cannot_be_right(site: Process, clock: Clock, events: dict[str, str]) -> None:
    clock.advance(days=4000)
    doubtful = replace(site.retention, now=lambda: None)
    assert doubtful.run(on) == {} and pictures(site, events) == set(events)
    assert [one.due for one in doubtful.states(counted=True)] == [None] * len(doubtful.removers)


def test_of_two_processes_one_removes(site: Process, clock: Clock, events: dict[str, str]) -> None:
    clock.advance(hours=73)
    with site.store.alone("retention"):
        assert site.retention.run(on) == {}
    assert site.retention.run(on) == {Kind.STRANGER_PICTURES: 2}


def test_search_does_not_begin_anew_with_each_run(
    site: Process, clock: Clock, events: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SEARCHED", 1)
    clock.advance(hours=73)
    for most in (99, 1):
        with statements(site.store) as run:
            site.retention.run(on)
        searched = [one for one in run if "AS due" in one and "FOR UPDATE" not in one]
        assert len(searched) <= most * 3
    # but each day it does, for what was recorded late
    clock.advance(days=1)
    with statements(site.store) as run:
        site.retention.run(on)
    assert len([one for one in run if "AS due" in one]) > 3


@pytest.fixture
def gone(site: Process) -> Callable[[str], bool]:
    """Whether the person of this number has no face any more."""

    def gone(number: str) -> bool:
        employee = site.enrolment.by_number(number)
        assert employee is not None
        with site.store.read() as tx:
            kept = [*tx.photos.of(employee.id), tx.templates.get(employee.id)]
        return not any(kept)

    return gone


def test_face_goes_thirty_days_after_a_deactivation(site: Process, clock: Clock, gone: Callable[[str], bool]) -> None:
    for axis in range(4):
        site.enrol(f"E-{axis}", photo(person(axis)))
    for number, change in (
        ("E-1", {"status": Status.INACTIVE}),
        ("E-2", {"valid_until": NOW.date()}),
        ("E-3", {"status": Status.INACTIVE}),
    ):
        employee = site.enrolment.by_number(number)
        assert employee is not None
        site.enrolment.update(employee.id, lambda one, change=change: Details.of(one, **change))
    clock.advance(days=20)
    back = site.enrolment.by_number("E-3")
    assert back is not None
    site.enrolment.update(back.id, lambda one: Details.of(one, status=Status.ACTIVE))
    site.enrolment.update(back.id, lambda one: Details.of(one, status=Status.INACTIVE))
    clock.advance(days=10, seconds=1)
    assert counts(site) == {"faces": 1}
    assert site.retention.run(on)[Kind.FACES] == 1
    assert [gone(f"E-{axis}") for axis in range(4)] == [False, True, False, False]
    assert site.sees(1) == "not_recognised" and site.sees(0) == "recognised"
    clock.advance(days=2)
    site.retention.run(on)
    assert [gone(f"E-{axis}") for axis in range(4)] == [False, True, True, False]
    # whoever comes back enrols anew
    site.enrolment.add_photos(site.enrolment.by_number("E-1").id, [photo(person(1))])  # type: ignore[union-attr]
    assert not gone("E-1")


def test_people_whom_an_older_version_deactivated_have_their_time_from_now_on(
    site: Process, clock: Clock, gone: Callable[[str], bool]
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    with site.store.write() as tx:
        tx.templates.lock()
        tx.employees.update(replace(tx.employees.get(ada.id), status=Status.INACTIVE))  # type: ignore[type-var, arg-type]
    for days, expected in ((30, False), (29, False), (2, True)):
        clock.advance(days=days)
        site.retention.run(on)
        assert gone("E-1") is expected


def test_records_of_people_who_sign_in_and_alerts_go(site: Process, clock: Clock) -> None:
    seen = Acknowledgement(NOW, "user-7", "Éva again")
    lasting = Alert("A0", NOW, AlertKind.BACKUP_FAILED)
    with site.store.write() as tx:
        tx.sign_ins.add(SignIn("S1", NOW, None, "eva", "192.0.2.1", Method.PASSWORD, SignInOutcome.SIGNED_IN))
        tx.alerts.raise_(lasting)
        tx.alerts.raise_(Alert("A1", NOW, AlertKind.TAILGATING, cleared_at=NOW, acknowledged=seen))
    clock.advance(days=180, seconds=1)
    assert site.retention.run(on) == {Kind.ALERTS: 1}
    clock.advance(days=185)
    assert site.retention.run(on) == {Kind.SIGN_INS: 1}
    with site.store.read() as tx:
        assert tx.alerts.uncleared() == [lasting] and tx.sign_ins.find() == []
        assert next(iter(tx.seals.flaws()), None) is None
