"""A commit that ends after its deadline: the log says open, nobody is let in, and a second record says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.adapters.db.store import SqlStore
from app.core.approach.group import GONE
from app.core.errors import Unconfirmed
from app.core.gates.commands import CommandOutcome, DriverKind
from app.core.gates.result import GateResultRow
from app.services.events.answers import Answers
from app.services.events.second_records import SecondRecords
from app.services.gates.by_hand import ByHand
from tests.fakes import Clock, like, new_id, person, photo
from tests.services.gate_hardware import recorded
from tests.services.process import Process
from tests.services.stage import Stage, face, reasons
from tests.waiting import eventually, pass_time

Start = Callable[..., Process]
ADA, BOB = person(0), person(1)
LATE = "recorded too late; the gate was not opened"


@contextmanager
def slow_commits(store: SqlStore, wait_s: float = 0.6) -> Iterator[None]:
    """A disk that takes its time for the last sync of every transaction."""

    def wait(_: Any) -> None:
        pass_time(wait_s)

    event.listen(store._engine, "commit", wait)
    try:
        yield
    finally:
        event.remove(store._engine, "commit", wait)


@pytest.fixture
def late(site: Process, start: Start, clock: Clock) -> Iterator[Process]:
    """A process whose deadline a slow commit misses."""
    site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(BOB))
    second = SecondRecords(site.store, site.signer, clock)
    yield start(record_deadline_ms=500, second_records=second)
    second.close()


def results(site: Process) -> dict[str, GateResultRow]:
    with site.store.read() as tx:
        ids = [row.id for head in tx.events.heads() for row in tx.events.chain(head.gate_id)]
        return tx.gate_results.of(ids)


def only_result(site: Process) -> GateResultRow:
    eventually(lambda: len(results(site)) == 1)
    (row,) = results(site).values()
    assert site.signer.verify(row.signed_part, row.signature)
    return row


def test_log_says_that_the_gate_was_not_opened(site: Process, late: Process) -> None:
    with slow_commits(late.store), pytest.raises(Unconfirmed):
        late.decide(photo(ADA))
    row = only_result(site)
    assert (row.outcome, row.detail) == (CommandOutcome.TOO_LATE, LATE)
    assert late.told == [] and site.recorded() == 1
    assert site.events.get(row.event_id).gate_report.detail == LATE


def test_denial_needs_no_second_record(site: Process, late: Process) -> None:
    with slow_commits(late.store), pytest.raises(Unconfirmed):
        late.decide(photo(person(9)))
    second = late.decisions.second_records
    assert isinstance(second, SecondRecords)
    second.too_late("lobby-1", "01UNKNOWN")  # what comes later is done later
    eventually(lambda: not second.is_waiting("01UNKNOWN"))
    assert results(site) == {}


def test_late_opening_is_not_repeated(site: Process, late: Process) -> None:
    sent = photo(ADA)
    with slow_commits(late.store), pytest.raises(Unconfirmed):
        late.decide(sent, idempotency_key="k")
    again = late.decide(sent, idempotency_key="k")
    assert again.verdict == "open" and again.id != only_result(site).event_id
    assert late.decide(sent, idempotency_key="k") == again


def test_approach_gets_no_second_answer_after_a_late_opening(site: Process, late: Process) -> None:
    stage = Stage(late)
    with slow_commits(late.store):
        assert stage.show(face(ADA)) == []
    assert stage.show(face(ADA), times=250) == [], "they stand there for ten seconds"
    assert stage.leave() == [] and stage.carried == []
    assert site.recorded() == 1 and only_result(site).detail == LATE
    stage.site.clock.now += GONE
    assert reasons(stage.show(face(ADA))) == ["recognised"], "they come again"


def test_track_found_again_within_the_late_openings_time_is_the_same_approach(site: Process, late: Process) -> None:
    stage = Stage(late)
    with slow_commits(late.store):
        stage.show(face(ADA))
    stage.show(face(ADA, x=200))  # another track, for the tracker
    assert stage.carried == [] and site.recorded() == 1
    assert reasons(stage.leave() + stage.show(face(BOB))) == ["recognised"], "and nobody else pays for it"


def test_late_denial_is_recorded_once(site: Process, late: Process) -> None:
    stage = Stage(late)
    stage.show(face(person(9)), times=5)
    with slow_commits(late.store):
        assert stage.leave() == []
    stage.leave()
    assert site.recorded() == 1


def test_late_poll_does_not_make_the_camera_open(site: Process, late: Process) -> None:
    stage = Stage(late)
    late.threshold.value = 0.99
    assert stage.show(face(like(0, 0.9))) == []
    late.threshold.value = 0.5
    with slow_commits(late.store), pytest.raises(Unconfirmed):
        stage.now()
    assert stage.show(face(ADA), times=3) == [] and site.recorded() == 1


def test_late_manual_order_is_recorded_as_too_late(site: Process, clock: Clock) -> None:
    class Lost:
        """A connection that breaks off at the commit, which the server has carried out."""

        @contextmanager
        def write(self, deadline: timedelta | None = None) -> Iterator[Any]:
            with site.store.write(deadline) as tx:
                yield tx
            raise Unconfirmed("the connection broke off at the commit")

    sent: list[Any] = []
    second = SecondRecords(site.store, site.signer, clock)
    hand = ByHand(Lost(), site.log, Answers(site.signer), clock, new_id, sent.append, second)  # type: ignore[arg-type]
    site.change_gate("lobby-1", driver=DriverKind.DRY_RUN)
    with pytest.raises(Unconfirmed):
        hand.open("lobby-1", "a visitor", "01USER")
    assert only_result(site).detail == LATE and sent == []


def test_second_record_does_not_replace_a_drivers_report(site: Process, late: Process) -> None:
    """A decision in time has no such record."""
    answer = late.decide(photo(ADA))
    assert answer.verdict == "open" and results(site) == {}
    late.decisions.second_records.too_late("lobby-1", answer.id)
    assert recorded(site, answer).detail == LATE
