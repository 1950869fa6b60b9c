"""What is new at the site, for everybody who watches: decisions, what gates did, alerts, cameras and gates.

The database is asked, not the processes, so what any of them did is seen. A gate's chain has no gaps, and a place in
each chain is all there is to remember. Whoever asks does so for all watchers at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from app.core.alerts.alert import NOT_SILENT, Alert, AlertFilter, AlertState
from app.core.cameras.camera import Camera
from app.core.canonical import instant
from app.core.events.logged import LoggedEvent
from app.core.events.records import EventFilter
from app.core.gates.commands import DoorState
from app.core.gates.gate import Gate, without_hardware
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode
from app.services.cameras.camera_states import standings
from app.services.events.event_list import EventList

MOST = 200  # events at a time, and the most for somebody who was away
# Ids are made before their events are committed, so an event may appear this much later than a newer one.
OVERLAP = timedelta(seconds=5)
AWAIT_RESULT = timedelta(seconds=60)


@dataclass(frozen=True)
class FeedItem:
    """kind: decision, gate_result, alert, camera, gate or gap. id: of a decision, where a watcher resumes."""

    kind: str
    data: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True)
class GateNow:
    """How a gate is. test: it has no hardware, so nothing opens there."""

    item: ClassVar = "gate"
    gate: str
    enabled: bool
    locked: bool
    mode: SiteMode
    door: DoorState | None
    test: bool

    def json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class CameraNow:
    """How a camera is. gate: the name of its gate."""

    item: ClassVar = "camera"
    camera: str
    gate: str
    state: str

    def json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class AlertNow:
    """An alert, with the names of its gate and camera."""

    item: ClassVar = "alert"
    alert: Alert
    gate: str | None
    camera: str | None

    def json(self) -> dict[str, Any]:
        alert = self.alert
        return {
            "id": alert.id,
            "at": instant(alert.at),
            "kind": alert.kind.value,
            "severity": alert.severity.value,
            "gate": self.gate,
            "camera": self.camera,
            "detail": alert.detail,
            "cleared_at": None if alert.cleared_at is None else instant(alert.cleared_at),
            "acknowledged": alert.acknowledged is not None,
        }


Present = GateNow | CameraNow | AlertNow


@dataclass
class LiveFeed:
    """One thread at a time may call it. own: alerts about the service itself, which the database does not have."""

    store: Store
    events: EventList
    clock: Clock
    own: Callable[[], Sequence[Alert]] = tuple
    _seen: dict[str, int] = field(default_factory=dict)
    _awaited: dict[str, datetime] = field(default_factory=dict)
    _site: dict[tuple[str, str], Present] = field(default_factory=dict)

    def begin(self) -> None:
        """Starts: whatever comes after this is new."""
        with self.store.read() as tx:
            self._seen = {head.gate_id: head.sequence for head in tx.events.heads()}
            self._site = self._look(tx)
        self._awaited = {}

    def passages(self) -> list[FeedItem]:
        """The decisions since the last call, and what gates did with those that open."""
        # Copies, so that the next call finds everything again if the database fails in the middle.
        seen, awaited = dict(self._seen), dict(self._awaited)
        with self.store.read() as tx:
            new: list[LoggedEvent] = []
            for head in tx.events.heads():
                before = seen.get(head.gate_id, 0)
                if head.sequence > before:
                    for row in tx.events.after(head.gate_id, before, MOST):
                        seen[row.gate_id] = row.sequence
                        event = self.events.shown(tx, row)
                        new.append(event)
                        if event.opens and event.gate_report is None:
                            awaited[event.id] = self.clock()
            new.sort(key=lambda event: (event.at, event.id))
            found = [_decision(event) for event in new]
            results = tx.gate_results.of(awaited) if awaited else {}
        for event_id, result in results.items():
            del awaited[event_id]
            found.append(FeedItem("gate_result", {"decision_id": event_id, **self.events.report(result).json()}))
        late = self.clock() - AWAIT_RESULT
        self._seen = seen
        self._awaited = {event_id: at for event_id, at in awaited.items() if at > late}
        return found

    def site(self) -> list[FeedItem]:
        """What changed at gates, cameras and alerts since the last call."""
        with self.store.read() as tx:
            now = self._look(tx)
        before, self._site = self._site, now
        changed = [FeedItem(one.item, one.json()) for key, one in now.items() if before.get(key) != one]
        gone = [one for key, one in before.items() if key not in now]
        return changed + [FeedItem(one.item, {**one.json(), "cleared": True}) for one in gone]

    def catch_up(self, last: str | None) -> list[FeedItem]:
        """For somebody who begins to watch: how the site is, and the decisions since the one they saw last.

        They may have seen some of these already. If there are more than these, a `gap` comes first.
        """
        with self.store.read() as tx:
            standing = [FeedItem(one.item, one.json()) for one in self._look(tx).values()]
            if last is None:
                return standing
            seen = tx.events.get(last)
            if seen is None:
                return [*standing, FeedItem("gap", {})]
            rows = tx.events.find(EventFilter(since=seen.at - OVERLAP, limit=MOST + 1))
            missed = [_decision(self.events.shown(tx, row)) for row in reversed(rows[:MOST])]
        return [*standing, *([FeedItem("gap", {})] if len(rows) > MOST else []), *missed]

    def _look(self, tx: Transaction) -> dict[tuple[str, str], Present]:
        site, now = tx.site.get(), self.clock()
        gates = {gate.id: gate for gate in tx.gates.all()}
        # The tile of a gate must not show what whoever forces somebody there may see.
        alerts = [*tx.alerts.find(AlertFilter(AlertState.OPEN, NOT_SILENT, limit=MOST)), *self.own()]
        tests = without_hardware(gates.values(), tx.api_keys.all())
        found: dict[tuple[str, str], Present] = {}
        for gate in gates.values():
            mode, test = site.mode_at(gate.id), gate.id in tests
            found["gate", gate.id] = GateNow(gate.name, gate.enabled, gate.locked, mode, gate.door, test)
        cameras = tx.cameras.all()
        states = standings(cameras, tx.leases.holders(), tx.alerts.uncleared(), tx.clocks.now() or now)
        for camera in cameras:
            found["camera", camera.id] = CameraNow(camera.name, gates[camera.gate_id].name, states[camera.id].state)
        names = _names(gates.values(), cameras)
        for alert in alerts:
            found["alert", alert.id] = AlertNow(alert, names.get(alert.gate_id), names.get(alert.camera_id))
        return found


def _decision(event: LoggedEvent) -> FeedItem:
    return FeedItem("decision", event.json(), event.id)


def _names(gates: Iterable[Gate], cameras: Iterable[Camera]) -> dict[str | None, str]:
    return {**{gate.id: gate.name for gate in gates}, **{camera.id: camera.name for camera in cameras}}
