"""What goes out next, what waits and what is dropped, for any mixture of deliveries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.alerts.alert import Acknowledgement, Alert, AlertKind, Severity
from app.core.alerts.deliveries import (
    GIVE_UP_AFTER,
    MOST_AT_ONCE,
    Change,
    Delivery,
    DeliveryState,
    change_to_tell,
    is_failing,
    needs_no_look,
    plan,
)
from app.core.alerts.receivers import Form, Receiver

NOW = datetime(2026, 11, 30, 22, tzinfo=UTC)
KINDS = (AlertKind.DOOR_FORCED, AlertKind.CAMERA_DEAD, AlertKind.TAILGATING)
Case = tuple[list[Delivery], dict[str, Alert]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    waiting, alerts = [], {}
    for place in range(draw(st.integers(0, 8))):
        at = NOW - timedelta(minutes=draw(st.integers(0, 60 * 30)))
        cleared = draw(st.sampled_from([None, at, at + timedelta(seconds=30)]))
        seen = Acknowledgement(NOW, "user-1") if draw(st.booleans()) else None
        alert = Alert(f"a-{place}", at, draw(st.sampled_from(KINDS)), cleared_at=cleared, acknowledged=seen)
        if draw(st.integers(0, 9)):  # the others were removed meanwhile
            alerts[alert.id] = alert
        tries = draw(st.integers(0, 2))
        waiting.append(
            Delivery(
                f"d-{place}",
                "r-1",
                place,
                draw(st.sampled_from([Change.RAISED, Change.ENDED])),
                alert.id,
                at,
                f"d-{place}",
                quiet=draw(st.booleans()),
                held_until=draw(st.sampled_from([None, NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)])),
                tries=tries,
                tried_at=at if tries else None,
                next_try_at=draw(st.sampled_from([None, NOW, NOW + timedelta(seconds=1)])) if tries else None,
            )
        )
    return waiting, alerts


receivers = st.builds(
    lambda form, always: Receiver("r-1", "Alarm centre", form, b"", NOW, critical_always=always),
    st.sampled_from(Form),
    st.booleans(),
)


@given(cases(), receivers, st.booleans())
def test_what_goes_out_is_due_in_order_and_one_message(case: Case, receiver: Receiver, quiet: bool) -> None:
    waiting, alerts = case
    planned = plan(receiver, waiting, alerts, NOW, quiet=quiet)
    group = planned.group
    assert len({one.message_id for one in group}) <= 1 and len(group) <= MOST_AT_ONCE
    assert [one.place for one in group] == sorted({one.place for one in group})
    assert not {one.id for one in group} & {one.id for one in planned.settled}
    for one in group:
        alert = alerts[one.alert_id or ""]
        assert one.next_try_at is None or one.next_try_at <= NOW
        assert not one.is_too_old(NOW)
        assert not (quiet and receiver.is_quiet_for(alert))
        assert one.tries or one.held_until is None or one.held_until <= NOW
    for one in planned.settled:
        assert one.state in (DeliveryState.DROPPED, DeliveryState.GIVEN_UP) and one.settled_at == NOW and one.answer


@given(cases(), receivers, st.booleans())
def test_nothing_that_counts_is_dropped(case: Case, receiver: Receiver, quiet: bool) -> None:
    """Only what nobody has to look at any more, or what nobody could be told for a day."""
    waiting, alerts = case
    for one in plan(receiver, waiting, alerts, NOW, quiet=quiet).settled:
        alert = alerts.get(one.alert_id or "")
        if one.state is DeliveryState.DROPPED and alert is not None:
            assert one.is_held and one.change is Change.RAISED and needs_no_look(alert)
        if one.state is DeliveryState.GIVEN_UP:
            assert alert is not None and NOW - (one.tried_at or one.created_at) >= GIVE_UP_AFTER


@given(cases(), receivers)
def test_everything_ends(case: Case, receiver: Receiver) -> None:
    """A receiver that takes everything has nothing left in the end, if its quiet hours end."""
    waiting, alerts = case
    now = NOW + timedelta(minutes=2)
    for _ in range(len(waiting) + 1):
        planned = plan(receiver, waiting, alerts, now, quiet=False)
        gone = {one.id for one in (*planned.settled, *planned.group)}
        waiting = [one for one in waiting if one.id not in gone]
    assert waiting == []


@given(cases(), receivers)
def test_a_message_that_is_tried_again_is_overtaken_by_none(case: Case, receiver: Receiver) -> None:
    waiting, alerts = case
    later = [replace(one, held_until=None, quiet=False, created_at=NOW) for one in waiting if one.alert_id in alerts]
    if not later:
        return
    first = replace(later[0], tries=1, tried_at=NOW, next_try_at=NOW + timedelta(seconds=5))
    rest = [replace(one, tries=0, tried_at=None, next_try_at=None) for one in later[1:]]
    assert plan(receiver, [first, *rest], alerts, NOW, quiet=False).group == ()


def test_critical_and_momentary_alerts_are_looked_at_though_they_are_over() -> None:
    over = Alert("a", NOW, AlertKind.DOOR_FORCED, cleared_at=NOW + timedelta(minutes=1))
    assert over.severity is Severity.CRITICAL and not needs_no_look(over)
    assert not needs_no_look(Alert("a", NOW, AlertKind.REPORTED, cleared_at=NOW))
    assert needs_no_look(Alert("a", NOW, AlertKind.CAMERA_DEAD, cleared_at=NOW + timedelta(minutes=1)))
    assert needs_no_look(replace(over, acknowledged=Acknowledgement(NOW, "user-1")))


def test_a_receiver_fails_after_ten_minutes_or_once_something_was_given_up() -> None:
    one = Delivery("d", "r", 1, Change.RAISED, "a", NOW, "d", tries=3, tried_at=NOW)
    assert not is_failing(one, None, NOW + timedelta(minutes=9))
    assert is_failing(one, None, NOW + timedelta(minutes=10))
    assert is_failing(None, one.settled(DeliveryState.GIVEN_UP, NOW, "in vain"), NOW)
    assert not is_failing(None, one.settled(DeliveryState.DELIVERED, NOW, "good"), NOW)


OVER = Alert("a-1", NOW - timedelta(minutes=2), AlertKind.DOOR_FORCED, cleared_at=NOW - timedelta(minutes=1))
WAITS = Delivery("d-1", "r-1", 1, Change.RAISED, OVER.id, NOW, "d-1")
SENT = WAITS.settled(DeliveryState.DELIVERED, NOW, "")
ENDED = replace(WAITS, id="d-2", place=2, change=Change.ENDED)


@pytest.mark.parametrize(
    "known, told",
    [
        ([], Change.RAISED),
        ([WAITS], Change.ENDED),
        ([SENT], Change.ENDED),
        ([SENT, ENDED], None),
        ([replace(WAITS, quiet=True)], None),
        ([replace(WAITS, held_until=NOW)], None),
        ([replace(WAITS, held_until=NOW, tries=1)], Change.ENDED),
        ([WAITS.settled(DeliveryState.DROPPED, NOW, "")], None),
        ([WAITS.settled(DeliveryState.GIVEN_UP, NOW, "")], None),
    ],
)
def test_end_is_told_to_those_who_were_told_of_the_beginning(known: list[Delivery], told: Change | None) -> None:
    """What is held says by itself that it is over, if it goes out at all."""
    receiver = Receiver("r-1", "Alarm centre", Form.WEBHOOK, b"", OVER.at, ended=True)
    assert change_to_tell(receiver, OVER, known, NOW) is told
    assert change_to_tell(replace(receiver, enabled=False), OVER, known, NOW) is None
    if known:
        assert change_to_tell(replace(receiver, ended=False), OVER, known, NOW) is None


def test_alert_of_yesterday_is_told_to_nobody() -> None:
    receiver = Receiver("r-1", "Alarm centre", Form.WEBHOOK, b"", OVER.at)
    assert change_to_tell(receiver, OVER, (), OVER.at + GIVE_UP_AFTER) is None
    assert change_to_tell(receiver, OVER, (), OVER.at + GIVE_UP_AFTER - timedelta(seconds=1)) is Change.RAISED
