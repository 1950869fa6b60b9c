"""After an outage much waits to be written: orders and openings do not wait behind it, and what is written is true."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, DoorState
from app.core.site.mode import SiteMode
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.write_behind import WriteBehind
from app.services.site.site_control import SiteControl
from tests.fakes import Clock, new_id
from tests.services.gate_hardware import Turnstile, Yard, alerts, recorded
from tests.services.process import Process
from tests.services.stage import Unreachable
from tests.waiting import eventually, pass_time

pytestmark = pytest.mark.one_database


@pytest.fixture
def other(site: Process, start: Callable[..., Process], clock: Clock) -> Iterator[tuple[SiteControl, GateDispatcher]]:
    """What another process orders, which drives nothing."""
    process = start()
    passing_on = GateDispatcher(
        process.store, process.vault, process.signer, clock, new_id, list, Yard(clock).build, tick_s=0.02
    )
    yield SiteControl(process.store, process.log, clock, new_id), passing_on
    passing_on.close()


@pytest.fixture
def backlog(control: GateDispatcher, turnstile: Turnstile) -> Iterator[Callable[[], int]]:
    """Of more writes than any test lasts, by a slow database. How many still wait."""
    over = Event()

    def write() -> None:
        if not over.is_set():
            pass_time(0.02)

    for _ in range(5000):
        control._later(write)
    yield lambda: len(control._behind)
    over.set()


def test_release_ordered_by_another_process_does_not_wait(
    turnstile: Turnstile, other: Any, backlog: Callable[[], int]
) -> None:
    other[0].set_mode(SiteMode.RELEASE)
    eventually(lambda: turnstile.released == [True])
    other[0].set_mode(SiteMode.NORMAL)
    eventually(lambda: turnstile.released == [True, False])
    assert backlog() > 1000


def test_opening_decided_by_another_process_does_not_wait(
    turnstile: Turnstile, other: Any, backlog: Callable[[], int], answer: RecordedDecision
) -> None:
    other[1].carry_out(answer)
    eventually(lambda: [command.event_id for command in turnstile.opened] == [answer.id])
    assert backlog() > 1000


def test_opening_whose_window_ends_while_the_database_is_gone_is_not_passed_on(
    site: Process, clock: Clock, answer: RecordedDecision
) -> None:
    store: Any = Unreachable(site.store)
    control = GateDispatcher(store, site.vault, site.signer, clock, new_id, list, Yard(clock).build, tick_s=0.02)
    control.start()
    store.gone = True
    asked = store.asked
    control.carry_out(answer)
    eventually(lambda: store.asked > asked + 3)
    clock.advance(seconds=5)
    store.gone = False
    row = recorded(site, answer)
    assert (row.outcome, row.detail) == (CommandOutcome.TOO_LATE, "the database was gone before it was sent")
    with site.store.read() as tx:
        assert not tx.orders.waiting([site.gates.get("lobby-1").id])
    control.close()


def test_flapping_door_queues_one_write_per_state(
    site: Process, control: GateDispatcher, turnstile: Turnstile, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    turnstile.say(DoorState.CLOSED)
    eventually(lambda: site.gates.get("lobby-1").door == "closed")

    def gone(*_: object) -> None:
        raise NotRecorded("the database is gone")

    with monkeypatch.context() as broken:
        broken.setattr(site.store, "read", gone)
        broken.setattr(site.store, "write", gone)
        for _ in range(300):
            for state in (DoorState.OPEN, DoorState.CLOSED, DoorState.OPEN):
                clock.advance(milliseconds=10)
                turnstile.say(state)
        assert len(control._behind) == 2
    eventually(lambda: site.gates.get("lobby-1").door == "forced")
    assert (AlertKind.DOOR_FORCED, "") in alerts(site)


# The queue itself


def test_newer_write_replaces_a_waiting_one_and_goes_last() -> None:
    behind, written = WriteBehind(), list[str]()
    behind.add(lambda: written.append("old"), "door")
    behind.add(lambda: written.append("other"))
    behind.add(lambda: written.append("new"), "door")
    assert len(behind) == 2
    assert behind.catch_up() and written == ["other", "new"] and len(behind) == 0


def test_write_added_while_its_slot_is_written_is_kept() -> None:
    behind, written = WriteBehind(), list[str]()

    def first() -> None:
        written.append("first")
        if len(written) == 1:
            behind.add(lambda: written.append("second"), "door")

    behind.add(first, "door")
    assert behind.catch_up() and written == ["first", "second"]


def test_round_starts_no_write_after_its_time_limit() -> None:
    behind, written = WriteBehind(), list[int]()
    for number in range(3):
        behind.add(lambda number=number: written.append(number))  # type: ignore[misc]
    assert not behind.catch_up(0.0) and written == []
    assert behind.catch_up(60.0) and written == [0, 1, 2]


def test_lost_database_keeps_the_order_and_a_faulty_write_is_dropped() -> None:
    behind, written, gone = WriteBehind(), list[str](), [True]

    def write() -> None:
        if gone:
            raise NotRecorded("gone")
        written.append("first")

    behind.add(write)
    behind.add(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    behind.add(lambda: written.append("last"))
    with pytest.raises(NotRecorded):
        behind.catch_up()
    assert len(behind) == 3
    gone.clear()
    assert behind.catch_up() and written == ["first", "last"]


def test_full_queue_drops_the_newest_write_but_never_a_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.gates.write_behind.MOST_WAITING", 2)
    behind, written = WriteBehind(), list[str]()
    behind.add(lambda: written.append("old"), "door")
    behind.add(lambda: written.append("result"))
    behind.add(lambda: written.append("lost"))
    behind.add(lambda: written.append("new"), "door")
    assert behind.catch_up() and written == ["result", "new"]
