"""What waits to be sent: many at once, altered rows, several processes, a receiver that goes away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from sqlalchemy import text

from app.adapters.db.repositories.alerts.receivers import DeliveryRows
from app.core.alerts.alert import AlertKind
from app.core.alerts.deliveries import Change
from app.services.alerts.outward import outbox, sender
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.services.alerts.outward.control_room import ControlRoom, every_day, written
from tests.services.process import Process

DEAD, FORCED = AlertKind.CAMERA_DEAD, AlertKind.DOOR_FORCED


def test_a_night_full_of_warnings_hides_no_critical_alert(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOKED_AT", 3)
    room.add(server, quiet_schedule_id=room.schedule(every_day(0, 24)))
    for number in range(5):
        room.raise_(DEAD, camera_id=f"cam-{number}")
    room.raise_(FORCED)
    room.look()
    assert server.alerts() == ["door_forced raised"]


def test_altered_alert_goes_to_nobody_and_keeps_no_other_back(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes to the database without the master key neither sends messages nor stops them."""
    monkeypatch.setattr(outbox, "BATCH", 1)
    room.add(server)
    forged = room.raise_(DEAD)
    with room.site.store._engine.begin() as connection:
        connection.execute(text("UPDATE alerts SET kind = 'lockdown' WHERE id = :id"), {"id": forged.id})
    room.raise_(FORCED)
    for _ in range(2):
        room.look()
    assert server.alerts() == ["door_forced raised"]


def test_altered_delivery_is_not_sent(room: ControlRoom, server: HttpReceiver) -> None:
    room.add(server)
    room.raise_(FORCED)
    room.sender.outbox.take()
    with room.site.store._engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET place = 7"))
    room.look()
    assert server.ids == []


def test_receiver_that_is_removed_while_it_is_sent_to(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    room.raise_(FORCED)
    room.look()
    room.raise_(DEAD)
    room.book.remove(one)
    room.look()
    assert server.alerts() == ["door_forced raised"]
    room.sender.drain(one, written)


def test_too_many_that_wait_are_given_up(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    one = room.add(server)
    for number in range(3):
        room.raise_(DEAD, camera_id=f"cam-{number}")
    room.sender.outbox.take()
    assert room.states(one) == ["raised waiting"] * 2 + ["raised given_up"]


def test_two_processes_send_each_message_once(
    start: Callable[..., Process], site: Process, room: ControlRoom, server: HttpReceiver
) -> None:
    other = ControlRoom(start())
    room.add(server)
    for number in range(20):
        room.raise_(DEAD, camera_id=f"cam-{number}")
    with ThreadPoolExecutor() as pool:
        for work in [pool.submit(one.look) for one in (room, other) * 3]:
            work.result()
    room.look()
    assert len(server.ids) == 20 == len(set(server.ids))


def test_a_test_that_is_sent_meanwhile_takes_another_place(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = room.add(server)
    room.raise_(FORCED)
    tested, real = Event(), DeliveryRows.next_place

    def test() -> None:
        room.sender.test(one, written)
        tested.set()

    tester = Thread(target=test)

    def next_place(self: DeliveryRows, receiver_id: str) -> int:
        place = real(self, receiver_id)
        if tester.ident is None:
            tester.start()
            assert not tested.wait(0.3), "it waits for the alert's place"
        return place

    monkeypatch.setattr(DeliveryRows, "next_place", next_place)
    room.sender.outbox.take()
    tester.join()
    assert [(d.place, d.change) for d in room.deliveries(one)] == [(1, Change.RAISED), (2, Change.TEST)]
