"""Alerts go to those who want them, in order, once, and whatever a receiver does harms nobody but itself."""

import pytest

from app.adapters.net import http_exchange
from app.core.alerts.alert import AlertKind
from app.core.alerts.deliveries import GIVE_UP_AFTER, OVER, TOO_OLD, Change, DeliveryState, pause_after
from tests.adapters.receivers.http_receiver import HttpReceiver, example
from tests.fakes import person, photo
from tests.services.alerts.outward.control_room import ControlRoom, every_day, written
from tests.services.process import Process
from tests.waiting import eventually

DEAD, FORCED = AlertKind.CAMERA_DEAD, AlertKind.DOOR_FORCED


def test_alert_arrives_signed_and_in_order(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    gate = room.site.gates.get("lobby-1")
    first = room.raise_(FORCED, gate_id=gate.id, detail="the contact says open")
    for _ in range(3):
        room.site.clock.advance(seconds=1)
        room.raise_(AlertKind.TAILGATING, over=True, gate_id=gate.id)
    room.look()
    assert server.forged == 0
    assert server.alerts() == ["door_forced raised", *["tailgating raised"] * 3]
    message = server.messages[0]
    (said,) = message["data"]["alerts"]
    assert (message["type"], message["data"]["site"]) == ("alert.raised", "Works")
    assert (said["id"], said["gate"], said["severity"]) == (first.id, "lobby-1", "critical")
    assert (said["detail"], said["ended_at"], said["person"]) == ("the contact says open", None, None)
    assert all(one.answer.startswith("answered 200") for one in room.deliveries(one))
    room.look()
    assert len(server.ids) == 4, "nothing goes out twice"


def test_failed_message_is_tried_again_under_its_id_and_holds_back_the_rest(
    room: ControlRoom, server: HttpReceiver
) -> None:
    one = room.add(server)
    server.script.extend(["500", "302"])
    room.raise_(FORCED)
    room.raise_(DEAD)
    room.look()
    assert room.states(one) == ["raised waiting", "raised waiting"]
    room.look()
    assert len(server.ids) == 1, "not before its time"
    room.site.clock.advance(seconds=5)
    room.look()
    assert [d.answer for d in room.deliveries(one)] == ["it redirects elsewhere, which is not followed", ""]
    assert server.elsewhere == 0
    room.site.clock.advance(seconds=9)
    room.look()
    assert len(server.ids) == 2, "twice as long each time"
    room.site.clock.advance(seconds=1)
    room.look()
    assert server.alerts() == ["door_forced raised", "camera_dead raised"]
    assert len(set(server.ids[:3])) == 1 and len(set(server.ids)) == 2
    assert [d.tries for d in room.deliveries(one)] == [3, 1]


def test_pauses_grow_to_an_hour_and_differ() -> None:
    assert [pause_after(tries, 1.0).total_seconds() for tries in (1, 2, 3, 10, 11, 500)] == [
        5,
        10,
        20,
        2560,
        3600,
        3600,
    ]
    assert pause_after(3, 0.0).total_seconds() == 10


def test_refused_message_is_given_up_and_the_next_goes_out(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    server.script.append("422")
    room.raise_(FORCED)
    room.raise_(DEAD)
    room.look()
    assert room.states(one) == ["raised given_up", "raised delivered"]
    assert room.deliveries(one)[0].answer == "answered 422"
    assert AlertKind.RECEIVER_FAILING not in room.open_kinds(), "it takes its messages again"


def test_dead_receiver_raises_an_alert_that_goes_to_nobody(
    room: ControlRoom, server: HttpReceiver, other: HttpReceiver
) -> None:
    port = other.port
    one = room.add(other)
    room.add(server, "Second")
    other.close()
    room.raise_(FORCED)
    room.look()
    assert room.open_kinds() == [FORCED] and room.book.get(one).failing is False
    room.site.clock.advance(minutes=11)
    room.look()
    assert room.open_kinds() == [AlertKind.RECEIVER_FAILING, FORCED]
    room.look()
    assert server.alerts() == ["door_forced raised"]
    room.site.clock.advance(hours=24)
    room.look()
    assert [(d.state, d.answer) for d in room.deliveries(one)] == [(DeliveryState.GIVEN_UP, TOO_OLD)]
    assert room.book.get(one).failing and AlertKind.RECEIVER_FAILING in room.open_kinds()
    again = HttpReceiver(port)
    try:
        assert room.sender.test(one, written).state is DeliveryState.DELIVERED
        room.look()
    finally:
        again.close()
    assert again.messages[0]["type"] == "alert.test" and room.open_kinds() == [FORCED]


def test_trouble_that_comes_back_within_five_minutes_waits(room: ControlRoom, server: HttpReceiver) -> None:
    """A camera that goes and comes: one message, and one more if it stays away."""
    one = room.add(server)
    for _ in range(4):
        alert = room.raise_(DEAD, camera_id="cam-1")
        room.look()
        room.site.clock.advance(seconds=30)
        room.end(alert)
        room.look()
        room.site.clock.advance(seconds=10)
    stays = room.raise_(DEAD, camera_id="cam-1")
    room.raise_(DEAD, camera_id="cam-2")
    room.look()
    assert server.alerts() == ["camera_dead raised", "camera_dead raised"], "another camera is other trouble"
    room.site.clock.advance(minutes=5)
    room.look()
    assert [m["data"]["alerts"][0]["id"] for m in server.messages][-1] == stays.id and len(server.messages) == 3
    assert [(d.state, d.answer) for d in room.deliveries(one)[1:4]] == [(DeliveryState.DROPPED, OVER)] * 3


def test_trouble_that_was_acknowledged_before_does_not_wait(room: ControlRoom, server: HttpReceiver) -> None:
    room.add(server)
    for _ in range(2):
        alert = room.raise_(DEAD, camera_id="cam-1")
        room.look()
        room.acknowledge(alert)
        room.end(alert)
        room.site.clock.advance(seconds=10)
    assert server.alerts() == ["camera_dead raised"] * 2


def test_quiet_hours_end_in_one_message_of_what_still_counts(room: ControlRoom, server: HttpReceiver) -> None:
    room.site.clock.now = room.site.clock.now.replace(hour=21, minute=0)
    nights = room.schedule(every_day(22, 8))
    one = room.add(server, quiet_schedule_id=nights, critical_always=False, ended=True)
    evening = room.raise_(DEAD, camera_id="cam-1")
    room.look()
    room.site.clock.advance(hours=2)
    room.end(evening)
    passed = room.raise_(AlertKind.CAMERA_BLACK, camera_id="cam-2")
    seen = room.raise_(AlertKind.GATE_FAILED, gate_id="gate-1")
    forced = room.raise_(FORCED, gate_id="gate-1")
    room.raise_(AlertKind.DIRECTORY_SILENT)
    room.look()
    room.site.clock.advance(hours=1)
    room.end(passed)
    room.end(forced)
    room.acknowledge(seen)
    room.look()
    assert server.alerts() == ["camera_dead raised"]
    server.script.append("500")
    room.site.clock.advance(hours=7)
    room.look()
    room.raise_(AlertKind.DOOR_HELD, gate_id="gate-1")
    room.site.clock.advance(minutes=1)
    room.look()
    digest, later = server.messages[1:]
    assert digest["type"] == "alert.digest" and server.ids[1] == server.ids[2] == digest["id"]
    said = [f"{alert['kind']} {alert['change']}" for alert in digest["data"]["alerts"]]
    assert said == ["camera_dead ended", "door_forced raised", "directory_silent raised"]
    assert digest["data"]["alerts"][1]["ended_at"] is not None
    assert later["data"]["alerts"][0]["kind"] == "door_held"
    assert room.states(one).count("raised dropped") == 2


def test_critical_alerts_go_through_quiet_hours_unless_told_otherwise(room: ControlRoom, server: HttpReceiver) -> None:
    always = room.schedule(every_day(0, 24))
    room.add(server, quiet_schedule_id=always)
    room.raise_(DEAD)
    room.raise_(FORCED)
    room.look()
    assert server.alerts() == ["door_forced raised"]


def test_schedule_that_is_gone_keeps_nothing_quiet(room: ControlRoom, server: HttpReceiver) -> None:
    always = room.schedule(every_day(0, 24))
    room.add(server, quiet_schedule_id=always)
    with room.site.store.write() as tx:
        tx.rules.lock()
        tx.rules.delete(*tx.rules.all().schedules)
    room.raise_(DEAD)
    room.look()
    assert server.alerts() == ["camera_dead raised"]


@pytest.mark.parametrize("answer", ["silence", "drip"])
def test_receiver_that_never_ends_its_answer_is_left(
    site: Process, server: HttpReceiver, other: HttpReceiver, answer: str
) -> None:
    room = ControlRoom(site, wait_s=0.3)
    one = room.add(server)
    server.script.append(answer)
    room.raise_(FORCED)
    room.look()
    assert room.deliveries(one)[0].answer == "no answer in time"
    room.site.clock.advance(seconds=5)
    room.look()
    assert server.alerts() == ["door_forced raised"] and len(set(server.ids)) == 1


def test_endless_answer_is_not_read(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    server.script.append("flood")
    room.raise_(FORCED)
    room.look()
    assert room.states(one) == ["raised delivered"]
    # What the kernels of both sides keep, and no more.
    assert server.flooded < 100_000_000


def test_decision_does_not_wait_for_a_dead_receiver(site: Process, server: HttpReceiver, other: HttpReceiver) -> None:
    """One receiver is silent while a person passes and another receiver gets its message."""
    site.enrol("E-1", photo(person(1)))
    room = ControlRoom(site, wait_s=20)
    room.add(server)
    room.add(other, "Second")
    server.script.append("silence")
    room.raise_(FORCED)
    room.sender.look(written)
    eventually(lambda: server.ids)
    eventually(lambda: other.alerts() == ["door_forced raised"])
    assert site.sees(1) == "recognised"
    room.raise_(DEAD)
    room.sender.look(written)
    eventually(lambda: len(other.alerts()) == 2)
    assert len(server.ids) == 1, "it is still waited for"
    server.over.set()
    threads = list(room.sender._busy.values())
    room.sender.close()
    for thread in threads:
        thread.join(30)


def test_name_that_leads_to_a_metadata_address_is_not_reached(
    room: ControlRoom, server: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name leads to is asked at each try, and the connection goes to what was checked."""
    found = iter([["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]])
    allowed = http_exchange.allowed  # type: ignore[attr-defined]  # patched where it is used

    def rebinding(host: str, port: int, **policy: object) -> list[str]:
        answers = next(found)
        return allowed(host, port, resolver=lambda *_: answers, **policy)  # type: ignore[arg-type]

    monkeypatch.setattr(http_exchange, "allowed", rebinding)
    named = HttpReceiver(genuine=example(room.site.clock))
    try:
        named.address = f"http://receiver.example:{named.port}/x"
        one = room.add(named)
        for kind in (FORCED, DEAD):
            room.raise_(kind)
            room.look()
        room.site.clock.advance(minutes=1)
        room.look()
    finally:
        named.close()
    assert named.alerts() == ["door_forced raised"]
    assert room.deliveries(one)[1].tries == 2 and "metadata" in room.deliveries(one)[1].answer


def test_old_deliveries_are_forgotten(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    room.raise_(FORCED)
    room.look()
    room.site.clock.advance(days=31)
    room.sender._watch(room.site.clock())
    assert room.states(one) == []


def test_late_alert_of_yesterday_goes_to_nobody(room: ControlRoom, server: HttpReceiver) -> None:
    room.add(server)
    alert = room.raise_(FORCED)
    room.site.clock.now = alert.at + GIVE_UP_AFTER
    room.look()
    assert server.ids == [] and Change.RAISED not in {d.change for d in room.deliveries(room.book.all()[0].receiver.id)}
