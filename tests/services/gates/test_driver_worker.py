"""The two threads of a gate: what they say to hardware that cannot do what it is told."""

from collections.abc import Iterator
from threading import Event

import pytest

from app.core.gates.commands import CommandOutcome, GateResult
from app.core.site.mode import SiteMode
from app.services.gates.driver_worker import DriverWorker
from tests.fakes import NOW, Clock
from tests.services.gate_hardware import Turnstile
from tests.waiting import eventually

REFUSED = GateResult(CommandOutcome.FAILED, "the panel holds this gate")


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile({}, lambda _: None, [])


@pytest.fixture
def done() -> list[tuple[str, GateResult]]:
    return []


@pytest.fixture
def worker(
    turnstile: Turnstile, done: list[tuple[str, GateResult]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[DriverWorker]:
    monkeypatch.setattr("app.services.gates.driver_worker.AGAIN_S", 0.01)
    worker = DriverWorker("lobby-1", turnstile, SiteMode.NORMAL, Clock(), lambda *what: done.append(what))
    yield worker
    worker.close()


def test_unreleasable_hardware_works_after_the_release(worker: DriverWorker, turnstile: Turnstile) -> None:
    turnstile.release_result = REFUSED
    worker.follow(SiteMode.RELEASE)
    eventually(lambda: worker.complaint() == "release failed: the panel holds this gate")
    worker.follow(SiteMode.NORMAL)
    eventually(lambda: worker.complaint() is None)
    assert turnstile.released[-1] is False


def test_end_of_a_release_is_retried_until_it_arrives(worker: DriverWorker, turnstile: Turnstile) -> None:
    worker.follow(SiteMode.RELEASE)
    eventually(lambda: turnstile.released == [True])
    turnstile.release_result, turnstile.fault = GateResult(CommandOutcome.FAILED, "no answer"), "no answer"
    worker.follow(SiteMode.NORMAL)
    eventually(lambda: turnstile.released.count(False) > 2)
    assert worker.fault() == "end of release failed: no answer"
    turnstile.release_result, turnstile.fault = GateResult(CommandOutcome.SENT), None
    eventually(lambda: worker.fault() is None)


def test_hardware_receives_no_lockdown(worker: DriverWorker, turnstile: Turnstile) -> None:
    worker.follow(SiteMode.LOCKDOWN)
    worker.close()
    assert turnstile.released == []


def test_command_after_close_is_not_sent(worker: DriverWorker, done: list[tuple[str, GateResult]]) -> None:
    worker.close()
    worker.put("late", lambda: pytest.fail("it was prepared"), NOW)
    assert [(event_id, result.outcome) for event_id, result in done] == [("late", CommandOutcome.TOO_LATE)]


def test_release_ended_before_its_retry_is_ended(turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver was built released; the worker's thread comes to look only when the release is over."""
    over, keep = Event(), DriverWorker._keep_mode

    def late(worker: DriverWorker) -> None:
        eventually(over)
        keep(worker)

    monkeypatch.setattr(DriverWorker, "_keep_mode", late)
    worker = DriverWorker("lobby-1", turnstile, SiteMode.RELEASE, Clock(), lambda *_: None)
    worker.follow(SiteMode.NORMAL)
    over.set()
    eventually(lambda: turnstile.released == [False])
    worker.close()
