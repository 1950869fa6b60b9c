"""A driver that does not return is a fault of its gate within seconds, and the opening's record says what is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import cast

import pytest

from app.core.alerts.alert import AlertKind
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, GateResult, OpenCommand
from app.core.ports.gates import GateDriver
from app.core.site.mode import SiteMode, SiteState
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.driver_worker import BUSY, LATE, NO_ANSWER, DriverWorker
from tests.fakes import NOW, Clock, person, photo
from tests.services.gate_hardware import Turnstile, alerts, recorded, result
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database

IN_AN_OPENING = "the driver hangs: it does not answer an opening"
IN_A_RELEASE = "the driver hangs: it does not answer a release or its end"


@pytest.fixture(autouse=True)
def soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows are over at once, and patience a moment later."""
    monkeypatch.setattr(DriverWorker, "_left_s", lambda *_: 0.0)
    monkeypatch.setattr("app.services.gates.driver_worker.HANGS_S", 0.1)
    monkeypatch.setattr("app.services.gates.driver_worker.SAY_S", 0.1)


@dataclass
class Stuck:
    """ports.GateDriver that returns from nothing before it is freed."""

    free: Event = field(default_factory=Event)
    asked: list[object] = field(default_factory=list)

    def open(self, command: OpenCommand) -> GateResult:
        return self._wait(command.event_id)

    def release(self, active: bool) -> GateResult:
        return self._wait(active)

    def _wait(self, what: object) -> GateResult:
        self.asked.append(what)
        eventually(self.free)
        return GateResult(CommandOutcome.OPENED)

    def healthy(self) -> str | None:
        return None

    def close(self, *, set_mode: bool = True) -> None:
        """Frees nobody."""


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    stuck = Stuck()
    yield stuck
    stuck.free.set()


@pytest.fixture
def done() -> list[tuple[str, GateResult]]:
    return []


@pytest.fixture
def worker(
    stuck: Stuck, done: list[tuple[str, GateResult]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DriverWorker]:
    monkeypatch.setattr("app.services.gates.driver_worker.CLOSE_S", 0.05)
    worker = DriverWorker("lobby-1", cast(GateDriver, stuck), SiteMode.NORMAL, clock, lambda *what: done.append(what))
    yield worker
    stuck.free.set()
    worker.close()


def put(worker: DriverWorker, event_id: str, seconds: float = 5) -> None:
    until = NOW + timedelta(seconds=seconds)
    worker.put(event_id, lambda: OpenCommand(event_id, "lobby-1", NOW, until), until)


def test_hanging_opening_raises_an_alert_and_is_recorded_as_failed(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    turnstile.free.clear()
    control.carry_out(answer)
    eventually(lambda: alerts(site) == [(AlertKind.GATE_FAILED, IN_AN_OPENING)])
    assert control.healthy() == {"lobby-1": IN_AN_OPENING}
    row = recorded(site, answer)
    assert GateResult(row.outcome, row.detail) == NO_ANSWER

    turnstile.free.set()
    eventually(lambda: alerts(site) == [])
    eventually(lambda: (row := result(site, answer)) is not None and row.outcome is CommandOutcome.OPENED)
    row = recorded(site, answer)
    assert (row.outcome, row.detail) == (CommandOutcome.OPENED, LATE), (
        "what became of it in the end is the better record"
    )
    assert control.healthy() == {"lobby-1": None}
    second = site.decide(photo(person(0)))
    control.carry_out(second)
    assert recorded(site, second).outcome is CommandOutcome.OPENED


def test_release_that_hangs_is_an_alert(
    site: Process, control: GateDispatcher, turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = Event()

    def hang(_: bool) -> GateResult:
        eventually(free)
        return GateResult(CommandOutcome.SENT)

    monkeypatch.setattr(turnstile, "release", hang)
    control.release(SiteState(SiteMode.RELEASE, NOW))
    eventually(lambda: alerts(site) == [(AlertKind.GATE_FAILED, IN_A_RELEASE)])
    assert control.healthy() == {"lobby-1": IN_A_RELEASE}
    free.set()
    eventually(lambda: alerts(site) == [])
    assert control.healthy() == {"lobby-1": None}


def test_driver_within_its_time_does_not_count_as_hanging(
    worker: DriverWorker, stuck: Stuck, done: list[tuple[str, GateResult]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.gates.driver_worker.HANGS_S", 60.0)
    monkeypatch.setattr("app.services.gates.driver_worker.SAY_S", 60.0)
    put(worker, "first")
    worker.follow(SiteMode.RELEASE)
    eventually(lambda: len(stuck.asked) == 2)
    worker.look()
    assert worker.fault() is None and worker.complaint() is None and done == []


def test_hanging_command_is_given_up_once_and_queued_ones_expire(
    worker: DriverWorker, stuck: Stuck, done: list[tuple[str, GateResult]], clock: Clock
) -> None:
    put(worker, "first")
    eventually(lambda: stuck.asked == ["first"])
    put(worker, "second", seconds=3)
    put(worker, "third", seconds=9)

    def looked() -> bool:
        worker.look()
        return bool(done)

    eventually(looked)
    worker.look()
    assert done == [("first", NO_ANSWER)]
    clock.advance(seconds=4)
    worker.look()
    assert done[1:] == [("second", BUSY)]
    stuck.free.set()
    eventually(lambda: len(done) == 4)
    assert done[2:] == [
        ("first", GateResult(CommandOutcome.OPENED, LATE)),
        ("third", GateResult(CommandOutcome.OPENED)),
    ]


def test_every_command_is_recorded_at_shutdown(
    worker: DriverWorker, stuck: Stuck, done: list[tuple[str, GateResult]]
) -> None:
    put(worker, "first")
    eventually(lambda: stuck.asked == ["first"])
    put(worker, "second")
    worker.close()
    assert sorted(event_id for event_id, _ in done) == ["first", "second"]
    assert dict(done)["first"] == NO_ANSWER and dict(done)["second"].outcome is CommandOutcome.TOO_LATE
