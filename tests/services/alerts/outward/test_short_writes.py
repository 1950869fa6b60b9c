"""A decision waits for no receiver: each write about them is short, whatever has piled up."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.receivers.webhook import WebhookCarrier
from app.core.alerts.alert import AlertKind
from app.core.errors import NotRecorded
from app.core.ports.alerts import NotDelivered
from app.core.ports.store import Transaction
from app.services.alerts.outward import sender
from app.services.alerts.outward.receiver_book import ReceiverBook, ReceiverChange
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.services.alerts.outward.control_room import ControlRoom, every_day, written
from tests.stores import statements
from tests.waiting import eventually

DEAD, FORCED = AlertKind.CAMERA_DEAD, AlertKind.DOOR_FORCED


def receivers(room: ControlRoom, server: HttpReceiver, count: int) -> list[str]:
    return [room.add(server, f"Receiver {number}") for number in range(count)]


def raise_many(room: ControlRoom, count: int) -> None:
    for number in range(count):
        room.raise_(DEAD, camera_id=f"cam-{number}")


@contextmanager
def each_write(room: ControlRoom, count: Callable[[Transaction], int]) -> Iterator[list[int]]:
    """Yields a list that takes by how much each write changes this count."""
    store: Any = room.site.store
    real, changes = store.write, []

    @contextmanager
    def write(*args: Any) -> Iterator[Transaction]:
        with real(*args) as tx:
            before = count(tx)
            yield tx
            changes.append(abs(count(tx) - before))

    store.write = write
    try:
        yield changes
    finally:
        del store.write


@contextmanager
def checked_rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Yields how many rows of each table are read and their seals checked."""
    rows, real = Counter[str](), RowSeals.is_valid

    def is_valid(self: RowSeals, table: Any, values: Any) -> bool:
        rows[table.name] += 1
        return real(self, table, values)

    with monkeypatch.context() as patched:
        patched.setattr(RowSeals, "is_valid", is_valid)
        yield rows


def unsent(tx: Transaction) -> int:
    return len(tx.alerts.unsent(1000))


def waiting(tx: Transaction) -> int:
    return sum(tx.deliveries.with_waiting().values())


def tried(tx: Transaction) -> int:
    (receiver,) = tx.receivers.all()
    return sum(one.tries for one in tx.deliveries.newest(receiver.id, 1000))


def test_one_write_takes_few_of_many_alerts(room: ControlRoom, server: HttpReceiver) -> None:
    one, other = receivers(room, server, 2)
    raise_many(room, 35)
    with each_write(room, unsent) as changes:
        room.sender.outbox.take()
    assert sum(changes) == 35 and max(changes) <= 10
    assert room.states(one) == room.states(other) == ["raised waiting"] * 35
    assert [delivery.place for delivery in room.deliveries(one)] == list(range(1, 36))


def test_statements_of_a_take_do_not_grow_with_alerts_times_receivers(room: ControlRoom, server: HttpReceiver) -> None:
    run = []
    for count in (1, 5):
        for number in range(count):
            room.add(server, f"Receiver {number} of {count}")
        for camera in range(8):
            room.raise_(DEAD, camera_id=f"cam-{count}-{camera}")
        with statements(room.site.store) as some:
            room.sender.outbox.take()
        run.append(len(some))
    assert run[1] - run[0] <= 5, "one for each receiver: its next place"


def test_camera_that_flaps_costs_no_statement_for_each_time(room: ControlRoom, server: HttpReceiver) -> None:
    receivers(room, server, 1)
    run = []
    for times in (3, 30):
        for _ in range(times):
            alert = room.raise_(DEAD, camera_id="cam-1")
            room.site.clock.advance(seconds=1)
            room.end(alert)
        room.look()
        room.raise_(FORCED, gate_id=f"gate-{times}")
        again = room.raise_(DEAD, camera_id="cam-1")
        with statements(room.site.store) as some:
            room.sender.outbox.take()
        run.append(len(some))
        room.end(again)
        room.look()
    assert run[0] == run[1]


def test_step_reads_no_more_than_it_looks_at(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOKED_AT", 3)
    (one,) = receivers(room, server, 1)
    raise_many(room, 30)
    room.sender.outbox.take()
    with checked_rows(monkeypatch) as rows:
        room.sender._step(one, written)
    assert server.alerts() == ["camera_dead raised"]
    assert rows["deliveries"] <= 3 + 2, "those, and the sent one twice as it is stored"


def test_switching_off_drops_what_waits_in_short_writes(room: ControlRoom, server: HttpReceiver) -> None:
    (one,) = receivers(room, server, 1)
    raise_many(room, 120)
    for _ in range(2):
        room.sender.outbox.take()
    with each_write(room, waiting) as changes:
        view = room.book.change(one, ReceiverChange(enabled=False))
    assert view.waiting == 0 and sum(changes) == 120 and max(changes) <= 50


def test_what_is_over_after_quiet_hours_is_dropped_in_short_writes(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server, quiet_schedule_id=room.schedule(every_day(22, 8)))
    room.site.clock.now = room.site.clock.now.replace(hour=23, minute=0)
    alerts = [room.raise_(DEAD, camera_id=f"cam-{number}") for number in range(60)]
    room.sender.outbox.take()
    room.site.clock.advance(minutes=1)
    for alert in alerts:
        room.end(alert)
    with each_write(room, waiting) as changes:
        room.look()
    assert room.states(one) == ["raised dropped"] * 60 and max(changes) <= 50


def test_message_of_many_alerts_is_stored_in_short_writes(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server, quiet_schedule_id=room.schedule(every_day(22, 8)))
    room.site.clock.now = room.site.clock.now.replace(hour=23, minute=0)
    raise_many(room, 60)
    room.look()
    room.site.clock.advance(hours=8)
    with each_write(room, lambda tx: tried(tx) + waiting(tx)) as changes:
        room.look()
    assert [len(message["data"]["alerts"]) for message in server.messages] == [60]
    assert room.states(one) == ["raised delivered"] * 60
    assert [change for change in changes if change] == [50, 10, 50, 10], "first as tried, then as delivered"


@pytest.mark.parametrize("fails", [True, False])
def test_receiver_that_is_switched_off_while_it_is_sent_to_gets_it_no_more(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    (one,) = receivers(room, server, 1)
    room.raise_(FORCED)

    def send(*_: object) -> str:
        room.book.change(one, ReceiverChange(enabled=False))
        if fails:
            raise NotDelivered("no answer in time")
        return "answered 200"

    with monkeypatch.context() as patched:
        patched.setattr(WebhookCarrier, "send", send)
        room.look()
    assert room.states(one) == ["raised dropped"]
    room.book.change(one, ReceiverChange(enabled=True))
    room.site.clock.advance(hours=1)
    room.look()
    assert server.ids == [] and room.states(one) == ["raised dropped"]


@pytest.mark.parametrize("on_again", [True, False])
def test_kill_while_a_receiver_is_switched_off_lets_nothing_go_out_later(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch, on_again: bool
) -> None:
    (one,) = receivers(room, server, 1)
    room.raise_(FORCED)
    room.sender.outbox.take()

    def killed(*_: object) -> None:
        raise NotRecorded("the process is gone")

    with monkeypatch.context() as patched:
        patched.setattr(ReceiverBook, "drop_waiting", killed)
        with pytest.raises(NotRecorded):
            room.book.change(one, ReceiverChange(enabled=False))
    if on_again:
        room.book.change(one, ReceiverChange(enabled=True))
    room.look()
    assert server.ids == [] and room.states(one) == ["raised dropped"]


def test_alert_that_ends_as_its_message_is_about_to_go_says_so(room: ControlRoom, server: HttpReceiver) -> None:
    """Whoever is told that an alert was raised learns that it ended: by that message, or by one more."""
    one = room.add(server, ended=True, quiet_schedule_id=room.schedule(every_day(22, 8)), critical_always=False)
    room.site.clock.now = room.site.clock.now.replace(hour=23, minute=0)
    alert = room.raise_(FORCED)
    room.look()
    room.site.clock.advance(hours=8)
    store: Any = room.site.store
    real = store.write

    def write(*args: Any) -> Any:
        del store.write
        room.end(alert)
        room.sender.outbox.take()
        return real(*args)

    store.write = write
    room.sender.drain(one, written)
    (said,) = server.messages[0]["data"]["alerts"]
    assert said["ended_at"] is not None and room.states(one) == ["raised delivered"]


def test_thread_that_cannot_start_is_started_at_the_next_look(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receivers(room, server, 1)
    room.raise_(FORCED)

    def start(self: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(sender.Thread, "start", start)  # type: ignore[attr-defined]  # patched where it is used
        with pytest.raises(RuntimeError):
            room.sender.look(written)
    room.sender.look(written)
    eventually(lambda: server.alerts() == ["door_forced raised"])
    room.sender.close()
