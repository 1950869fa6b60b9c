"""What a camera sees, asked where another process watches it: answered once and in time, or not decided at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.core.errors import Busy, Conflict, NotRecorded
from app.core.gates.commands import RemotePoll
from app.services.access.decision_request import FROM_CAMERA, GivenUp
from app.services.access.remote_polls import BEGINNING, MOST, NOBODY, SILENT, RemotePolls
from app.services.site.gate_leases import LEASE
from app.worker.poll_answerer import PollAnswerer
from app.worker.supervisor import Supervisor
from tests.fakes import Clock, like, new_id, person, photo
from tests.services.process import Process
from tests.services.stage import Stage, Unreachable, face
from tests.waiting import eventually

ADA, STRANGER = person(0), person(9)
Start = Callable[..., Process]


@pytest.fixture
def stage(site: Process) -> Stage:
    """The process that watches the gate's camera, and has its lease."""
    site.enrol("E-1", photo(ADA))
    stage = Stage(site)
    with site.store.write() as tx:
        assert tx.leases.take(stage.gate.id, "worker", stage.at, stage.at + LEASE)
    return stage


@pytest.fixture
def answering(stage: Stage) -> PollAnswerer:
    """What answers there; looks when it is told to."""
    return answers_of(stage)


def answers_of(stage: Stage) -> PollAnswerer:
    def now(gate: Any, at: Any, key: str | None, poll: RemotePoll) -> Any:
        return stage.approaches.now(stage.watch, gate, at, key, poll)

    camera = SimpleNamespace(gate_id=stage.gate.id, name="door")
    post = SimpleNamespace(camera=camera, loop=SimpleNamespace(now=now))
    watching = SimpleNamespace(watched=lambda: [post], camera_of_gate=lambda gate_id: post)
    return PollAnswerer(cast(Supervisor, watching), stage.site.store, stage.site.clock)


@pytest.fixture
def desk(start: Start, stage: Stage, clock: Clock) -> Process:
    """Another process on the database, which watches nothing."""
    return start()


@pytest.fixture
def polls(desk: Process, clock: Clock) -> RemotePolls:
    return RemotePolls(desk.store, desk.decisions, clock, new_id, "desk")


@contextmanager
def at_work(answering: PollAnswerer) -> Iterator[None]:
    over = Event()

    def run() -> None:
        while not over.wait(0.01):
            answering.look()

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def put(stage: Stage, **fields: Any) -> RemotePoll:
    """A poll that somebody waits for."""
    poll = RemotePoll(**{"id": new_id(), "gate_id": stage.gate.id, "at": stage.at, "until": after(stage), **fields})
    with stage.site.store.write() as tx:
        tx.remote_polls.put(poll)
    return poll


def after(stage: Stage, seconds: float = 1.0) -> Any:
    return stage.at + timedelta(seconds=seconds)


def refused(polls: RemotePolls, stage: Stage) -> str:
    with pytest.raises(Busy) as refusal:
        polls.ask(stage.gate)
    assert refusal.value.code == "camera_unavailable"
    return refusal.value.detail


def test_poll_is_answered_by_the_watching_process(
    stage: Stage, answering: PollAnswerer, polls: RemotePolls, desk: Process
) -> None:
    stage.show(face(STRANGER), times=3)
    with at_work(answering):
        assert polls.ask(stage.gate).reason == "not_recognised"
        stage.leave()
        assert polls.ask(stage.gate).reason == "no_face"
        stage.site.threshold.value = 0.99
        stage.show(face(like(0, 0.9)), times=3)
        stage.site.threshold.value = 0.5
        answer = polls.ask(stage.gate)
    assert (answer.verdict, answer.reason) == ("open", "recognised")
    assert (answer.employee.number, answer.camera, answer.gate) == ("E-1", "door", "lobby-1")

    assert stage.site.events.get(answer.id).decision == answer  # to the signature
    assert stage.site.told[-1] == answer and not desk.told  # counted where it was decided, once
    assert stage.site.recorded() == 4  # and the stranger's approach
    assert not stage.carried  # the hardware has its answer, and the camera does not open once more
    assert stage.show(face(like(0, 0.9)), times=5) == []


def test_abandoned_poll_is_not_decided(stage: Stage, answering: PollAnswerer, polls: RemotePolls) -> None:
    stage.show(face(STRANGER), times=3)
    before = stage.site.recorded()
    gate = stage.site.change_gate("lobby-1", unlock_ms=500)
    with pytest.raises(Busy, match="did not answer in time"):
        polls.ask(gate)
    answering.look()
    assert stage.site.recorded() == before

    # It gave up between the look at the database and the record.
    poll = put(stage)
    with stage.site.store.write() as tx:
        assert tx.remote_polls.withdraw(poll.id) is None
    with pytest.raises(GivenUp):
        stage.approaches.now(stage.watch, gate, stage.at, None, poll)

    # It died: nothing was withdrawn, and its time is over.
    poll = put(stage, until=after(stage, 0))
    with pytest.raises(GivenUp):
        stage.approaches.now(stage.watch, gate, stage.at, None, poll)
    answering.look()
    assert stage.site.recorded() == before


def test_one_of_several_watching_processes_answers(stage: Stage, answering: PollAnswerer) -> None:
    stage.show(face(STRANGER), times=3)
    before = stage.site.recorded()
    poll = put(stage)
    answering.look()
    answering.look()
    with pytest.raises(GivenUp):  # read before the other had answered
        stage.approaches.now(stage.watch, stage.gate, stage.at, None, poll)
    assert stage.site.recorded() == before + 1


def test_picture_stays_fresh_until_the_answer_deadline(stage: Stage) -> None:
    """2000 ms are allowed, and the answer may be a second on its way."""
    stage.show(face(ADA))
    stage.site.clock.advance(seconds=1.1)
    answer = stage.approaches.now(stage.watch, stage.gate, stage.at, None, put(stage))
    assert (answer.verdict, answer.reason) == ("deny", "stale_frame")
    assert stage.now().reason == "recognised"  # here the answer is given at once


def test_opening_that_is_read_too_late_is_not_handed_out(
    stage: Stage, answering: PollAnswerer, polls: RemotePolls, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = stage.site.change_gate("lobby-1", unlock_ms=500)
    monkeypatch.setattr(RemotePolls, "_look", lambda *_: None)  # the database is slow to be read
    stage.show(face(STRANGER), times=3)
    with at_work(answering):
        assert polls.ask(gate).reason == "not_recognised"
        stage.leave()
        stage.site.threshold.value = 0.99
        stage.show(face(like(0, 0.9)), times=3)
        stage.site.threshold.value = 0.5
        with pytest.raises(Busy, match="did not answer in time"):
            polls.ask(gate)


def test_unwatched_gate_is_reported_at_once(stage: Stage, polls: RemotePolls, clock: Clock) -> None:
    gate_id = stage.gate.id
    clock.advance(seconds=LEASE.total_seconds())
    assert refused(polls, stage) == NOBODY  # its holder died
    with stage.site.store.write() as tx:
        assert tx.leases.take(gate_id, "desk", stage.at, stage.at + LEASE)
    assert refused(polls, stage) == BEGINNING
    with stage.site.store.write() as tx:
        tx.leases.give_up("desk")
    assert refused(polls, stage) == NOBODY
    with stage.site.store.read() as tx:
        assert tx.remote_polls.waiting([gate_id], stage.at) == []


def test_silent_watcher_is_waited_for_briefly(stage: Stage, polls: RemotePolls) -> None:
    assert refused(polls, stage) == SILENT
    with stage.site.store.read() as tx:
        assert tx.remote_polls.waiting([stage.gate.id], stage.at) == []


def test_repeated_poll_has_the_same_answer_and_one_event(
    stage: Stage, answering: PollAnswerer, polls: RemotePolls, clock: Clock
) -> None:
    stage.show(face(STRANGER), times=3)
    before = stage.site.recorded()
    with at_work(answering):
        answer = polls.ask(stage.gate, "key")
        assert polls.ask(stage.gate, "key") == answer
        stage.site.decide(photo(ADA), idempotency_key="other")
        with pytest.raises(Conflict, match="another request"):
            polls.ask(stage.gate, "other")
    assert polls.ask(stage.gate, "key") == answer  # also when who answered has gone
    assert stage.approaches.now(stage.watch, stage.gate, stage.at, "key") == answer
    assert stage.site.recorded() == before + 2

    # Twins: both wait before either is answered.
    twins = [put(stage, idempotency_key="twins") for _ in range(2)]
    answering.look()
    with stage.site.store.read() as tx:
        (event_id,) = {tx.remote_polls.answered(twin.id) for twin in twins}
    assert event_id is not None and stage.site.recorded() == before + 3
    assert polls.ask(stage.gate, "twins").id == event_id
    with stage.site.store.read() as tx:
        assert stage.site.decisions.earlier(tx, stage.gate, "twins", FROM_CAMERA)


def test_too_many_concurrent_polls_get_busy(stage: Stage, polls: RemotePolls) -> None:
    for _ in range(MOST):
        polls._slots.acquire()
    with pytest.raises(Busy, match="Too many"):
        polls.ask(stage.gate)


def test_failing_poll_does_not_affect_the_others(
    stage: Stage, answering: PollAnswerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, fine = put(stage), put(stage)
    now = type(stage.approaches).now

    def fail(self: Any, watch: Any, gate: Any, at: Any, key: Any, poll: RemotePoll) -> Any:
        if poll == failing:
            raise RuntimeError("a fault")
        return now(self, watch, gate, at, key, poll)

    monkeypatch.setattr(type(stage.approaches), "now", fail)
    answering.look()
    with stage.site.store.read() as tx:
        assert tx.remote_polls.answered(failing.id) is None and tx.remote_polls.answered(fine.id) is not None


def test_briefly_lost_database_is_waited_for_and_opens_nothing(
    stage: Stage, answering: PollAnswerer, desk: Process, clock: Clock
) -> None:
    store = Unreachable(desk.store)
    polls = RemotePolls(store, desk.decisions, clock, new_id, "desk")  # type: ignore[arg-type]  # a store that is lost at will
    stage.show(face(ADA), times=1)
    gate = stage.site.change_gate("lobby-1", unlock_ms=500)
    looked = RemotePolls._look

    def look(self: RemotePolls, poll: RemotePoll) -> Any:
        store.gone = True
        return looked(self, poll)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(NotRecorded):
        patch.setattr(RemotePolls, "_look", look)
        polls.ask(gate)
    assert store.asked > 5


def test_thread_survives_a_lost_database(stage: Stage) -> None:
    answering = answers_of(stage)
    store = Unreachable(stage.site.store)
    store.gone = True
    answering._store = store  # type: ignore[assignment]  # as above
    answering.start()
    poll = put(stage)
    eventually(lambda: store.asked > 1)
    store.gone = False

    def answered() -> bool:
        with stage.site.store.read() as tx:
            return bool(tx.remote_polls.answered(poll.id))

    eventually(answered)
    answering.stop()
