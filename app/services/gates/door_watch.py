"""Stores what doors report, and raises and clears their alerts. `core.gates.doors` says which alert applies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.alerts.alert import Alert
from app.core.events.records import EventFilter
from app.core.gates import doors
from app.core.gates.commands import DoorState
from app.core.gates.gate import Gate
from app.core.gates.settings import LONGEST_UNLOCK_MS
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode
from app.core.types import Verdict


@dataclass(frozen=True)
class DoorWatch:
    """Writes a door's row only when its state changes: hardware that repeats itself costs no write."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]

    def report(self, gate_id: str, state: DoorState, at: datetime) -> None:
        """Notes that a door was in this state at that time (ours, on arrival). Ignores an unknown gate.

        Raises NotRecorded: then the report is lost unless it is made again.
        """
        with self.store.read() as tx:
            if self._meaning(tx, gate_id, state, at) is None:
                return
        with self.store.write() as tx:
            change = self._meaning(tx, gate_id, state, at)
            if change is not None:
                self._keep(tx, gate_id, change)

    def look_for_held(self) -> None:
        """Raises the alert for every door that has been open for too long. Raises NotRecorded."""
        now = self.clock()
        with self.store.read() as tx:
            late = [gate.id for gate in tx.gates.all() if self._overdue(tx, gate, now)]
        if not late:
            return
        with self.store.write() as tx:
            for gate_id in late:
                gate = tx.gates.get(gate_id)
                change = self._overdue(tx, gate, now) if gate else None
                if change is not None:
                    self._keep(tx, gate_id, change)

    def _meaning(self, tx: Transaction, gate_id: str, state: DoorState, at: datetime) -> doors.Change | None:
        gate = tx.gates.get(gate_id)
        if gate is None:
            return None
        door = _door(gate)
        released = tx.site.get().mode_at(gate_id) is SiteMode.RELEASE
        change = doors.reported(door, state, at, _opening(tx, gate, at), released=released)
        return change if change.door != door else None

    def _overdue(self, tx: Transaction, gate: Gate, now: datetime) -> doors.Change | None:
        door = _door(gate)
        # The cheap question first, without searching the log.
        if doors.overdue(door, now, None, gate.door_held_after_ms) is None:
            return None
        site = tx.site.get()
        if site.mode is SiteMode.NORMAL and site.since is not None:
            # After a release, open doors get their time to close.
            door = doors.Door(door.state, max(door.since or site.since, site.since))
        released = site.mode_at(gate.id) is SiteMode.RELEASE
        return doors.overdue(door, now, _opening(tx, gate, now), gate.door_held_after_ms, released=released)

    def _keep(self, tx: Transaction, gate_id: str, change: doors.Change) -> None:
        assert change.door.state is not None and change.door.since is not None
        at = change.door.since
        if not tx.doors.set(gate_id, change.door.state, at):
            return  # another process has a later report
        for kind in change.cleared:
            tx.alerts.clear(kind, gate_id, None, at)
        if change.raised is not None:
            tx.alerts.raise_(Alert(self.new_id(), at, change.raised, gate_id))


def _door(gate: Gate) -> doors.Door:
    return doors.Door(gate.door, gate.door_at)


def _opening(tx: Transaction, gate: Gate, at: datetime) -> doors.Opening | None:
    """The newest opening up to that time, from the log, whichever process carried it out."""
    # An opening before this is over by now.
    back = timedelta(milliseconds=max(LONGEST_UNLOCK_MS, gate.door_held_after_ms)) + doors.GRACE
    which = EventFilter(gate=gate.name, verdict=Verdict.OPEN, since=at - back, until=at + doors.GRACE, limit=1)
    for event in tx.events.find(which):
        return doors.Opening(event.at, event.at + timedelta(milliseconds=gate.unlock_ms))
    return None
