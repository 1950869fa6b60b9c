"""Who gets which alerts, with what in them, signed how; and what an admin may set."""

from datetime import timedelta

import pytest

from app.core.alerts.alert import AlertKind, Severity
from app.core.alerts.messages import headers, signature
from app.core.alerts.receivers import Form
from app.core.errors import BadField, Conflict, Outdated
from app.core.people.details import Details
from app.services.alerts.outward.receiver_book import ReceiverChange
from app.services.alerts.transient_alerts import TransientAlerts
from tests.adapters.receivers.http_receiver import HttpReceiver, example
from tests.fakes import new_id, person, photo
from tests.services.alerts.outward.control_room import ControlRoom

DEAD, FORCED = AlertKind.CAMERA_DEAD, AlertKind.DOOR_FORCED


def test_signature_is_that_of_the_specification() -> None:
    """The vector of its own library's test."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_altered_message_is_not_genuine(room: ControlRoom, server: HttpReceiver) -> None:
    room.add(server)
    room.raise_(FORCED)
    room.look()
    genuine, body = example(room.site.clock), b'{"a":1}'

    class Sent:
        id = "m-1"

    now = room.site.clock()
    sent = headers(server.secret, Sent(), body, now)  # type: ignore[arg-type]
    assert genuine(server.secret, dict(sent), body)
    assert not genuine(server.secret, dict(sent), body + b" ")
    assert not genuine(server.secret, {**sent, "webhook-id": "m-2"}, body)
    old = headers(server.secret, Sent(), body, now - timedelta(minutes=6))  # type: ignore[arg-type]
    assert not genuine(server.secret, dict(old), body)


def test_receivers_get_what_they_want(room: ControlRoom, server: HttpReceiver, other: HttpReceiver) -> None:
    room.add(server, least=Severity.CRITICAL)
    room.add(other, "Camera people", kinds=frozenset({DEAD, AlertKind.DURESS}), ended=True)
    dead = room.raise_(DEAD)
    room.raise_(FORCED)
    room.raise_(AlertKind.DURESS, over=True, event_id="event-1")
    room.look()
    room.site.clock.advance(minutes=1)
    room.end(dead)
    room.look()
    assert server.alerts() == ["door_forced raised"], "a silent alert goes only to whoever names it"
    assert other.alerts() == ["camera_dead raised", "duress raised", "camera_dead ended"]
    assert [one["data"]["alerts"][0]["silent"] for one in other.messages] == [False, True, False]


def test_new_receiver_gets_nothing_of_before(room: ControlRoom, server: HttpReceiver) -> None:
    before = room.raise_(DEAD)
    room.site.clock.advance(seconds=1)
    room.add(server, ended=True)
    room.look()
    room.end(before)
    room.look()
    assert server.ids == []


def test_names_go_out_only_where_a_receiver_gets_them_and_never_of_the_erased(
    room: ControlRoom, server: HttpReceiver, other: HttpReceiver
) -> None:
    site = room.site
    ada, bob = site.enrol("E-1", photo(person(1))), site.enrolment.add(Details("E-2", "Bob"))
    assert bob.name == "Bob"
    room.add(server)
    named = room.add(other, "With names", with_names=True)
    other.script.append("500")
    events = [site.decide(photo(person(1))).id for _ in range(2)]
    guard = TransientAlerts(site.store, site.clock, new_id)
    guard.reported(events[0], "user-1", "That was not Ada")
    room.look()
    (plain,) = server.messages
    assert "Employee" not in str(plain) and "Ada" not in str(plain) and "E-1" not in str(plain)
    site.erasure.erase(ada.id)
    site.clock.advance(minutes=1)
    room.look()
    (late,) = other.messages
    assert "Employee" not in str(late) and "Ada" not in str(late), "erased while it waited"
    assert room.states(named) == ["raised delivered"]


def test_names_of_people_who_are_there(room: ControlRoom, server: HttpReceiver) -> None:
    room.site.enrol("E-1", photo(person(1)))
    room.add(server, with_names=True)
    event = room.site.decide(photo(person(1))).id
    TransientAlerts(room.site.store, room.site.clock, new_id).reported(event, "user-1", "That was not Ada")
    room.look()
    (said,) = server.messages[0]["data"]["alerts"]
    assert said["person"] == {"name": "Employee E-1", "number": "E-1"} and said["detail"] == "That was not Ada"


def test_what_waits_for_a_receiver_that_is_switched_off_is_dropped(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    server.script.append("500")
    room.raise_(FORCED)
    room.look()
    view = room.book.get(one)
    room.book.change(one, ReceiverChange(enabled=False), view.version)
    room.site.clock.advance(minutes=1)
    room.raise_(DEAD)
    room.look()
    assert room.states(one) == ["raised dropped"]
    with pytest.raises(Outdated):
        room.book.change(one, ReceiverChange(enabled=True), view.version)
    room.book.remove(one)
    assert room.book.all() == []


def test_new_secret_signs_from_the_next_message(room: ControlRoom, server: HttpReceiver) -> None:
    one = room.add(server)
    old, server.secret = server.secret, room.book.renew_secret(one)
    assert old != server.secret
    room.raise_(FORCED)
    room.look()
    assert server.forged == 0 and server.alerts() == ["door_forced raised"]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.com/",
        "https://user:pass@example.com/",
        "https://",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/#part",
        "http://169.254.169.254/latest",
        "http://2852039166/",
        "http://[fd00:ec2::254]/",
        "https://example.com/" + "a" * 1000,
    ],
)
def test_impossible_addresses_are_refused(room: ControlRoom, address: str) -> None:
    with pytest.raises(BadField) as refused:
        room.book.add(Form.WEBHOOK, ReceiverChange(name="x", address=address))
    assert refused.value.field == "address" and "latest" not in str(refused.value)


def test_twenty_receivers_are_enough(room: ControlRoom, server: HttpReceiver) -> None:
    for number in range(20):
        room.add(server, f"Receiver {number}")
    with pytest.raises(Conflict) as full:
        room.add(server, "One more")
    assert full.value.code == "too_many_receivers"
    room.book.remove(room.book.all()[0].receiver.id)
    with pytest.raises(Conflict) as taken:
        room.add(server, "receiver 7")
    assert taken.value.code == "receiver_taken"
