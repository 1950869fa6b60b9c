"""What a door's reports mean: whether an opening was ours, how long it may last, and which alarms stand.

Alarms tell people and lock nothing. A door that somebody leaves through is reported by some hardware like any other
opening: hardware that cannot tell a push bar from a crowbar says `open`, and without a command that is FORCED here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.alerts.alert import AlertKind
from app.core.gates.commands import DoorState

# A door is pushed at the last moment, its contact is polled, its clock is not ours.
GRACE = timedelta(seconds=2)
ALARMS = {
    DoorState.HELD: AlertKind.DOOR_HELD,
    DoorState.FORCED: AlertKind.DOOR_FORCED,
    DoorState.FAULT: AlertKind.DOOR_FAULT,
}


@dataclass(frozen=True)
class Opening:
    """The newest time that a gate was told to open, and until when."""

    at: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether a door that opened then may have done so for this opening."""
        return self.at - GRACE <= at <= self.until + GRACE


@dataclass(frozen=True)
class Door:
    """What is known of a door: its state, and since when it is in it. None: it never reported."""

    state: DoorState | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What a report or the passing of time does: the door now, which alarm begins, which end."""

    door: Door
    raised: AlertKind | None = None
    cleared: tuple[AlertKind, ...] = ()


def reported(door: Door, state: DoorState, at: datetime, opening: Opening | None, *, released: bool = False) -> Change:
    """What the door's report means.

    opening: the newest one at or before the report, if any. released: the gate stands open for everybody, so no opening
    is forced. A report from before the last change changes nothing. HELD, FORCED and FAULT are taken as they are said;
    HELD and FORCED stay until the door is closed, whatever else it says.
    """
    if door.since is not None and at < door.since:
        return Change(door)
    now = _meaning(door, state, at, opening, released)
    if now is door.state:
        return Change(door)
    ended: tuple[AlertKind, ...] = ()
    if now is DoorState.CLOSED:
        ended = tuple(ALARMS.values())
    elif door.state is DoorState.FAULT:
        ended = (AlertKind.DOOR_FAULT,)
    return Change(Door(now, at), ALARMS.get(now), ended)


def overdue(
    door: Door, at: datetime, opening: Opening | None, door_held_after_ms: int, *, released: bool = False
) -> Change | None:
    """HELD for a door that is open for longer than `door_held_after_ms`, counted anew with each opening; else None.

    opening: as in `reported`. A forced door is reported already, and a released one may stand open.
    """
    if door.state is not DoorState.OPEN or door.since is None or released:
        return None
    counted_from = door.since if opening is None else max(door.since, opening.at)
    if at - counted_from <= timedelta(milliseconds=door_held_after_ms):
        return None
    return Change(Door(DoorState.HELD, at), AlertKind.DOOR_HELD)


def _meaning(door: Door, state: DoorState, at: datetime, opening: Opening | None, released: bool) -> DoorState:
    if state is not DoorState.OPEN:
        return state
    if door.state in (DoorState.OPEN, DoorState.HELD, DoorState.FORCED):
        return door.state
    # The first report ever: nobody saw it open.
    ours = released or door.state is None or (opening is not None and opening.covers(at))
    return DoorState.OPEN if ours else DoorState.FORCED
