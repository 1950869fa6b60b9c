"""Pages of the log by several people, forwards, and counted between times: each equals a full scan."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, product

import pytest

from app.core.errors import BadInput
from app.core.events.records import EventFilter
from app.core.types import Reason, Verdict
from app.services.events import event_list
from tests.fakes import Clock, like, person, photo
from tests.services.process import Process

EDGES = (-1, 3, 9, 9.5, 14, 99)


def test_pages_neighbours_and_counts_equal_a_full_scan(site: Process, clock: Clock) -> None:
    site.gates.add("dock")
    ada, bob = site.enrol("E-1", photo(person(0))), site.enrol("E-2", photo(person(3)))
    for number in range(24):
        clock.advance(seconds=number % 3)  # some at the same time
        picture = (photo(person(0)), photo(person(5)), photo(person(3)), photo(like(0, 0.3)))[number % 4]
        site.decide(picture, gate=("lobby-1", "dock")[number % 2])
    every = site.events.find(EventFilter(limit=200))
    named = [None if e.decision is None or e.decision.employee is None else e.decision.employee.id for e in every]
    assert {ada.id, bob.id, None} == set(named)
    middle, edges = every[12], [every[-1].at + timedelta(seconds=seconds) for seconds in EDGES]
    offered = product(
        (None, "dock", "nowhere"),
        (None, (), (ada.id,), (bob.id, ada.id, "nobody")),
        (None, *Verdict),
        (None, Reason.RECOGNISED, Reason.LOCKDOWN),
    )
    for gate, people, verdict, reason in offered:
        which = EventFilter(gate, None, verdict, reason, people=people, limit=5)
        wanted = [
            event
            for event, who in zip(every, named, strict=True)
            if gate in (None, event.gate)
            and (people is None or who in people)
            and verdict in (None, event.verdict)
            and reason in (None, event.reason)
        ]
        older = [e.id for e in wanted if (e.at, e.id) < (middle.at, middle.id)]
        newer = [e.id for e in wanted if (e.at, e.id) > (middle.at, middle.id)][::-1]
        assert [e.id for e in site.events.find(which)] == [e.id for e in wanted][:5], which
        assert [e.id for e in site.events.find(replace(which, before=middle.id))] == older[:5], which
        assert [e.id for e in site.events.find(replace(which, after=middle.id))] == newer[:5], which
        assert site.events.neighbours(which, middle.id) == (next(iter(newer), None), next(iter(older), None)), which
        counted = [sum(low <= e.at < high for e in wanted) for low, high in pairwise(edges)]
        assert site.events.counts(which, edges) == counted, which
        with site.store.read() as tx:
            assert tx.events.count(replace(which, limit=3)) == min(3, len(wanted)), which


def test_search_by_name_finds_people_as_their_list_does(site: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    name = site.enrolment.get(ada.id).name
    assert site.events.called(name.upper()) == site.events.called("e-1") == (ada.id,)
    assert site.events.called("Nobody at all") == ()
    other = site.enrol("E-2", photo(person(3)))
    assert site.events.people(None, "") is None and site.events.people(ada.id, "") == (ada.id,)
    assert site.events.people(ada.id, "e-") == (ada.id,) and site.events.people(other.id, name) == ()
    monkeypatch.setattr(event_list, "MOST_NAMED", 1)
    with pytest.raises(BadInput) as refused:
        site.events.called("e-")
    assert refused.value.code == "too_many_people"
