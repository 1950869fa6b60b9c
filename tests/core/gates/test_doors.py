"""Reports of a door compared with the commands to its gate: forced, held, faulty, closed again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.alerts.alert import AlertKind
from app.core.gates.commands import DoorState
from app.core.gates.doors import ALERTS, GRACE, Change, Door, Opening, overdue, reported
from tests.fakes import NOW

S = timedelta(seconds=1)
TOLD = Opening(NOW, NOW + 5 * S)
CLOSED = Door(DoorState.CLOSED, NOW - 60 * S)
LIMIT_MS = 15_000


def test_door_that_opens_for_a_command_raises_nothing() -> None:
    assert reported(CLOSED, DoorState.OPEN, NOW + S, TOLD) == Change(Door(DoorState.OPEN, NOW + S))


@pytest.mark.parametrize("late", [-GRACE, 0 * S, 5 * S, 5 * S + GRACE])
def test_window_of_a_command_has_a_grace_at_both_ends(late: timedelta) -> None:
    assert reported(CLOSED, DoorState.OPEN, NOW + late, TOLD).raised is None


@pytest.mark.parametrize("late", [-GRACE - timedelta(milliseconds=1), 5 * S + GRACE + timedelta(milliseconds=1)])
def test_door_that_opens_outside_the_window_is_forced(late: timedelta) -> None:
    expected = Change(Door(DoorState.FORCED, NOW + late), AlertKind.DOOR_FORCED)
    assert reported(CLOSED, DoorState.OPEN, NOW + late, TOLD) == expected


def test_door_that_opens_without_any_command_is_forced() -> None:
    assert reported(CLOSED, DoorState.OPEN, NOW, None).raised is AlertKind.DOOR_FORCED
    assert reported(Door(DoorState.FAULT, NOW - S), DoorState.OPEN, NOW, None).raised is AlertKind.DOOR_FORCED


def test_door_already_open_at_its_first_report_is_not_forced() -> None:
    assert reported(Door(), DoorState.OPEN, NOW, None) == Change(Door(DoorState.OPEN, NOW))


def test_released_door_is_neither_forced_nor_held() -> None:
    change = reported(CLOSED, DoorState.OPEN, NOW, None, released=True)
    assert change == Change(Door(DoorState.OPEN, NOW))
    assert overdue(change.door, NOW + 3600 * S, None, LIMIT_MS, released=True) is None


@pytest.mark.parametrize("state", [DoorState.OPEN, DoorState.HELD, DoorState.FORCED])
def test_alert_stays_until_the_door_is_closed(state: DoorState) -> None:
    door = Door(state, NOW)
    # A heartbeat that says again that it is open changes nothing, also when somebody else may pass meanwhile.
    assert reported(door, DoorState.OPEN, NOW + S, TOLD) == Change(door)
    closed = reported(door, DoorState.CLOSED, NOW + 2 * S, TOLD)
    assert closed == Change(Door(DoorState.CLOSED, NOW + 2 * S), None, tuple(ALERTS.values()))


@pytest.mark.parametrize("state", [DoorState.HELD, DoorState.FORCED, DoorState.FAULT])
def test_reports_of_held_forced_and_fault_are_kept(state: DoorState) -> None:
    change = reported(CLOSED, state, NOW + S, TOLD)
    assert change == Change(Door(state, NOW + S), ALERTS[state])
    assert reported(change.door, state, NOW + 2 * S, TOLD) == Change(change.door)


def test_fault_ends_with_the_next_state_and_clears_no_other_alert() -> None:
    forced = reported(CLOSED, DoorState.OPEN, NOW, None).door
    broken = reported(forced, DoorState.FAULT, NOW + S, None)
    assert (broken.raised, broken.cleared) == (AlertKind.DOOR_FAULT, ())
    back = reported(broken.door, DoorState.OPEN, NOW + 2 * S, None)
    assert (back.raised, back.cleared) == (AlertKind.DOOR_FORCED, (AlertKind.DOOR_FAULT,))


def test_report_from_before_the_last_change_changes_nothing() -> None:
    assert reported(CLOSED, DoorState.FORCED, NOW - 61 * S, None) == Change(CLOSED)


def test_door_is_held_once_it_is_open_for_too_long() -> None:
    door = Door(DoorState.OPEN, NOW)
    assert overdue(door, NOW + 15 * S, TOLD, LIMIT_MS) is None
    late = NOW + 15 * S + timedelta(milliseconds=1)
    assert overdue(door, late, TOLD, LIMIT_MS) == Change(Door(DoorState.HELD, late), AlertKind.DOOR_HELD)


def test_every_new_opening_restarts_the_time_limit() -> None:
    door = Door(DoorState.OPEN, NOW)
    next_one = Opening(NOW + 14 * S, NOW + 19 * S)
    assert overdue(door, NOW + 29 * S, next_one, LIMIT_MS) is None
    assert overdue(door, NOW + 30 * S, next_one, LIMIT_MS) is not None


@pytest.mark.parametrize("state", [None, *(s for s in DoorState if s is not DoorState.OPEN)])
def test_only_an_open_door_becomes_held(state: DoorState | None) -> None:
    assert overdue(Door(state, NOW), NOW + 3600 * S, None, LIMIT_MS) is None


@given(st.lists(st.tuples(st.sampled_from(DoorState), st.integers(0, 20)), max_size=20), st.booleans())
def test_active_alerts_always_match_the_door(reports: list[tuple[DoorState, int]], told: bool) -> None:
    opening = TOLD if told else None
    door, standing, at = CLOSED, set[AlertKind](), NOW
    for state, seconds in reports:
        at += seconds * S
        late = overdue(door, at, opening, LIMIT_MS) or Change(door)
        said = reported(late.door, state, at, opening)
        for change in (late, said):
            standing -= set(change.cleared)
            standing |= {change.raised} if change.raised else set()
        door = said.door
    assert door.state is not None
    if door.state is DoorState.CLOSED:
        assert standing == set()
    else:
        assert ALERTS.get(door.state) in standing | {None}
    assert (AlertKind.DOOR_FAULT in standing) == (door.state is DoorState.FAULT)
