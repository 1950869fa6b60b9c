"""What is decided is recorded first and answered then; whatever fails in between is a closed gate, recorded too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from app.adapters.db.store import SqlStore
from app.core.errors import NotFound, NotRecorded
from app.core.recognition.evidence import OnePerson
from app.core.types import Reason
from app.services.access.decision_request import DecisionRequest
from tests.fakes import NOW, empty, like, person, photo, seen
from tests.services.process import Process

Start = Callable[..., Process]
ADA = photo(person(0))


def test_threshold_follows_gallery_photos_and_frames(site: Process) -> None:
    site.enrol("E-1", ADA, photo(person(0), note="another"), photo(like(0, 0.9)))
    site.enrol("E-2", photo(person(1)))
    site.decide(ADA, empty(), ADA)
    site.decide(photo(person(1)))
    assert site.threshold.asked == [(2, 3, 2), (2, 1, 1)]


def test_poor_frame_of_an_employee_opens_and_a_second_person_does_not(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    other = start(one_person=OnePerson(clear=0.9, shows=lambda pictures: 0.4))
    # Given two frames less alike than those of two people may be, each like Ada
    answer = other.decide(photo(like(0, 0.55, 1)), photo(like(0, 0.5, 2)))
    assert (answer.reason, answer.frames_used) == ("recognised", 2)
    assert site.decide(photo(like(0, 0.55, 1)), photo(like(0, 0.5, 2))).reason == "ambiguous"
    # and somebody who slips in behind her
    for frames in ((ADA, photo(person(1))), (ADA, photo(like(0, 0.95)), photo(like(1, 0.95, 0)))):
        denied = other.decide(*frames)
        assert (denied.reason, denied.employee, denied.similarity, denied.threshold) == ("ambiguous", None, None, None)


def test_frames_count_for_the_threshold_as_often_as_they_differ(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    other = start(apart=lambda length, frames: round(length, 3))
    other.decide(photo(person(0)), photo(like(0, 0.5)))
    assert other.threshold.asked == [(1, 1, 0.866)]


def failing(*_: Any) -> Any:
    raise RuntimeError("failed")


@pytest.mark.parametrize("part", ["encode", "threshold"])
def test_any_other_failure_is_recorded_as_a_denial(site: Process, start: Start, part: str) -> None:
    site.enrol("E-1", ADA)
    assert start(**{part: failing}).sees(0) == "system_fault"
    assert site.recorded() == 1


def test_nan_threshold_opens_nothing(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    assert start(threshold=lambda *_: float("nan")).sees(0) == "system_fault"


def test_failing_listener_does_not_revoke_the_answer(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    assert start(on_decision=failing).sees(0) == "recognised"


def test_person_erased_during_the_decision_is_denied_and_not_named(site: Process, start: Start, database: str) -> None:
    if database == "sqlite":
        pytest.skip("SQLite has one writer, so nobody is erased meanwhile")
    ada = site.enrol("E-1", ADA)

    def late(gallery_size: int, photos: int, frames: int) -> float:
        site.erasure.erase(ada.id)  # the employee was read, the event is not sealed yet
        return 0.5

    answer = start(threshold=late).decide(ADA)
    assert (answer.reason, answer.employee) == ("system_fault", None)
    assert site.events.get(answer.id).decision == answer


class Uncommitted:
    """A database whose writes all fail at the commit."""

    def __init__(self, store: SqlStore) -> None:
        self.read = store.read
        self._write = store.write

    @contextmanager
    def write(self, deadline: timedelta | None = None) -> Iterator[Any]:
        with self._write(deadline) as tx:
            yield tx
            raise NotRecorded("the disk is full")


def test_no_answer_is_given_without_a_commit(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    other = start(store=Uncommitted(site.store))
    with pytest.raises(NotRecorded):
        other.decide(ADA, idempotency_key="k")
    assert other.told == [] and site.recorded() == 0
    assert site.sees(0, idempotency_key="k") == "recognised"


def test_late_commit_is_not_answered(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    other = start(record_deadline_ms=100)
    gate = site.gates.get("lobby-1")
    with site.store.write() as tx:
        tx.events.lock_head(gate.id)
        with pytest.raises(NotRecorded):
            other.decide(ADA)
    assert other.told == [] and site.recorded() == 0


def test_incomparable_frames_are_recorded_as_a_denial(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    broken = seen(np.full_like(person(0), np.nan))
    assert start(looks=lambda frames, liveness, who, within_s: [broken]).sees(0) == "system_fault"
    other_model = seen(np.ones(4, np.float32) / 2)  # type: ignore[arg-type]  # float32, though numpy's stubs say float64
    assert start(looks=lambda frames, liveness, who, within_s: [other_model]).sees(0) == "system_fault"
    assert site.recorded() == 2


def test_pictures_are_kept_only_if_the_setting_says_so(site: Process, start: Start) -> None:
    site.enrol("E-1", ADA)
    answer = start(pictures=0).decide(ADA)
    assert answer.reason == "recognised" and not site.events.get(answer.id).has_picture
    with pytest.raises(NotFound):
        site.events.snapshot(answer.id)


def test_would_open_records_nothing(site: Process) -> None:
    site.enrol("E-1", ADA)
    gate = site.gates.get("lobby-1")
    with site.store.read() as tx:
        assert site.decisions.refresh(tx)
    for vector, opens in ((person(0), True), (like(0, 0.49), False)):
        case = DecisionRequest(gate, [seen(vector)], 1, NOW, perf_counter())
        found = site.decisions.evidence(case.looks)
        assert site.decisions.would_open(case, found) is opens
        assert site.recorded() == 0
    nobody = DecisionRequest(gate, [], 1, NOW, perf_counter())
    assert site.decisions.evidence([]).reason is Reason.NO_FACE
    assert not site.decisions.would_open(nobody, site.decisions.evidence([]))
