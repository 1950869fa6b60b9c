"""Interprets a door's reports: whether we opened it, how long it may stay open, and which alerts are active.

Alerts inform people; they lock nothing. Some hardware cannot tell a push bar from a crowbar and reports both as `open`;
without a command, such an opening counts as FORCED.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.alerts.alert import AlertKind
from app.core.gates.commands import DoorState

# People push at the last moment, the contact is polled, and the hardware has its own clock.
GRACE = timedelta(seconds=2)
ALERTS = {
    DoorState.HELD: AlertKind.DOOR_HELD,
    DoorState.FORCED: AlertKind.DOOR_FORCED,
    DoorState.FAULT: AlertKind.DOOR_FAULT,
}


@dataclass(frozen=True)
class Opening:
    """The newest command to open a gate, and when it ends."""

    at: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether this command can explain a door that opened at that time."""
        return self.at - GRACE <= at <= self.until + GRACE


@dataclass(frozen=True)
class Door:
    """A door's state and since when. Both are None before its first report."""

    state: DoorState | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Change:
    """The effect of a report, or of time passing: the door now, the alert raised and the alerts cleared."""

    door: Door
    raised: AlertKind | None = None
    cleared: tuple[AlertKind, ...] = ()


def reported(door: Door, state: DoorState, at: datetime, opening: Opening | None, *, released: bool = False) -> Change:
    """Returns what a door's report changes.

    A report older than the last change is ignored. HELD, FORCED and FAULT are taken as reported. HELD and FORCED last
    until the door closes, whatever else it reports.

    Args:
        opening: the newest opening at or before the report, if any.
        released: the gate is open for everybody, so no opening is forced.
    """
    if door.since is not None and at < door.since:
        return Change(door)
    now = _meaning(door, state, at, opening, released)
    if now is door.state:
        return Change(door)
    ended: tuple[AlertKind, ...] = ()
    if now is DoorState.CLOSED:
        ended = tuple(ALERTS.values())
    elif door.state is DoorState.FAULT:
        ended = (AlertKind.DOOR_FAULT,)
    return Change(Door(now, at), ALERTS.get(now), ended)


def overdue(
    door: Door, at: datetime, opening: Opening | None, door_held_after_ms: int, *, released: bool = False
) -> Change | None:
    """Returns HELD for a door open longer than `door_held_after_ms`, counted from the newest opening; else None.

    A forced door already has an alert, and a released one may stay open. `opening` is as in `reported`.
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
    # The first report ever cannot say when the door opened.
    ours = released or door.state is None or (opening is not None and opening.covers(at))
    return DoorState.OPEN if ours else DoorState.FORCED
