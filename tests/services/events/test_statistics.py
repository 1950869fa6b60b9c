"""Counts that name nobody, pages of the log by every filter, and what proves that an event is as it was recorded."""

from datetime import timedelta
from itertools import product

import pytest

from app.core.events.histograms import BUCKETS, Figure
from app.core.events.logged import LoggedEvent
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome
from app.core.types import Reason, Verdict
from app.services.events.event_proof import EventProofs
from app.services.events.statistics import Statistics
from app.web.console.words import OUTCOMES, REASONS
from tests.fakes import Clock, empty, like, person, photo
from tests.services.process import Process


def test_decisions_are_counted_in_buckets_and_hours(site: Process, clock: Clock) -> None:
    site.enrol("E-1", photo(person(0)))
    site.decide(photo(person(0)))
    clock.advance(hours=1)
    site.decide(photo(like(0, 0.25)))
    site.decide(empty())
    period = Statistics(site.store, clock).last(timedelta(hours=2))
    assert [(hour.opened, hour.denied) for hour in period.hours] == [(0, 0), (1, 0), (0, 2)]
    assert dict(period.denials) == {Reason.NOT_RECOGNISED: 1, Reason.NO_FACE: 1}
    alike = {(one.kind, one.bucket): one.count for one in period.figures if one.kind is not Figure.TOOK}
    assert alike == {(Figure.ACCEPTED, BUCKETS - 1): 1, (Figure.REFUSED, 12): 1}
    assert sum(one.count for one in Statistics(site.store, clock).took()) == 3
    pace = Statistics(site.store, clock).strangers()
    assert (pace.days, pace.attempts, pace.a_year) == (1, 1, 365.0)


def employee_of(event: LoggedEvent) -> str | None:
    who = event.decision.employee if event.decision else None
    return who.id if who else None


def test_filtered_page_equals_a_full_scan(site: Process, clock: Clock) -> None:
    site.gates.add("dock")
    ada = site.enrol("E-1", photo(person(0)))
    for number in range(24):
        clock.advance(seconds=number % 3)  # some at the same time
        picture = (photo(person(0)), photo(person(5)), photo(like(0, 0.3)))[number % 3]
        site.decide(picture, gate=("lobby-1", "dock")[number % 2])
    every = site.events.find(EventFilter(limit=200))
    assert [(e.at, e.id) for e in every] == sorted((e.at, e.id) for e in every)[::-1]
    middle = every[12]
    times = middle.at
    offered = product(
        (None, "dock", "nowhere"),
        (None, ada.id),
        (None, *Verdict),
        (None, Reason.RECOGNISED, Reason.NOT_RECOGNISED, Reason.LOCKDOWN),
        (None, times),
        (None, middle.id),
        (None, "no-camera"),
    )
    for gate, employee, verdict, reason, since, before, camera in offered:
        which = EventFilter(gate, employee, verdict, reason, since, None, before, 5, camera)
        wanted = [
            event.id
            for place, event in enumerate(every)
            if gate in (None, event.gate)
            and (
                employee is None
                or (event.decision and event.decision.employee and event.decision.employee.id) == employee
            )
            and verdict in (None, event.verdict)
            and reason in (None, event.reason)
            and (since is None or event.at >= since)
            and (before is None or place > 12)
            and camera is None
        ]
        assert [event.id for event in site.events.find(which)] == wanted[:5], which
    assert site.events.find(EventFilter(before="no such event")) == []


def test_event_is_proven_and_an_altered_one_is_not(site: Process, clock: Clock) -> None:
    site.enrol("E-1", photo(person(0)))
    first, second = site.decide(photo(person(0))), site.decide(photo(person(5)))
    proofs = EventProofs(site.store, site.log, site.signer, lambda: [mark.json() for mark in site.audit.checkpoint()])
    proof = proofs.of(second.id)
    assert (proof.sequence, proof.linked, proof.signed, proof.payload, proof.holds) == (2, True, True, True, True)
    assert proof.previous == proofs.of(first.id).hash
    assert proof.checkpoint is not None and proof.checkpoint.sequence == 2
    site.erasure.erase(first.employee.id)
    erased = proofs.of(first.id)
    assert (erased.payload, erased.holds) == (None, True)
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET reason = 'no_face' WHERE sequence = 2")
    assert proofs.of(second.id).holds is False


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_and_outcome_has_words(reason: Reason) -> None:
    assert REASONS[reason] and set(OUTCOMES) == {outcome.value for outcome in CommandOutcome}
