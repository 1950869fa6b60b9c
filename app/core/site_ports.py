"""What cameras, gates and alerts need from the database, as protocols: the other half of `ports.Transaction`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from app.core.gates import DoorState
from app.core.site import Alert, AlertKind, Camera, ClockFacts, GateResultRow, SiteState


class Cameras(Protocol):
    def add(self, camera: Camera) -> None:
        """Raises Conflict('camera_exists') if the name is in use."""
        ...

    def get(self, camera_id: str) -> Camera | None: ...
    def by_name_or_id(self, name: str, *, hold: bool = False) -> Camera | None:
        """Without one of that name, that of that id. hold: nobody else changes it until the transaction ends."""
        ...

    def all(self) -> list[Camera]:
        """By name."""
        ...

    def of_gate(self, gate_id: str) -> list[Camera]:
        """By name."""
        ...

    def update(self, camera: Camera) -> None:
        """Raises Conflict('camera_exists')."""
        ...

    def delete(self, camera_id: str) -> bool:
        """Whether there was one. Its alerts stay: clear them first."""
        ...


class GateResults(Protocol):
    def put(self, row: GateResultRow) -> None:
        """Stores the result, in place of an earlier one of the same event."""
        ...

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]: ...


class Alerts(Protocol):
    def raise_(self, alert: Alert) -> bool:
        """False, and nothing stored, if an uncleared alert of this kind, gate and camera is there, also in a race."""
        ...

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        """Whether there was an uncleared one of exactly this kind, gate and camera."""
        ...

    def end(self, alert_id: str, at: datetime) -> bool:
        """Clears this one and none that came after it; whether it was uncleared."""
        ...

    def open(self) -> list[Alert]:
        """The uncleared, newest first by id."""
        ...

    def find(self, since: datetime | None = None, before: str | None = None, limit: int = 50) -> list[Alert]:
        """Newest first by id. since is inclusive; `before` is the id the page starts below."""
        ...


class Site(Protocol):
    def get(self) -> SiteState:
        """Normal, since ever and by nobody, before the first `put`."""
        ...

    def put(self, state: SiteState) -> None: ...


class Doors(Protocol):
    """The state of every gate's door, apart from the gate's row, so that no report waits for a decision or holds it up.

    `Gate.door` and `Gate.door_at` show it; only `set` moves it.
    """

    def set(self, gate_id: str, state: DoorState, at: datetime) -> bool:
        """False, and nothing stored, where a later report is there already."""
        ...

    def get(self, gate_id: str) -> tuple[DoorState, datetime] | None: ...


class Heartbeats(Protocol):
    """One row that is written again and again, about as large as an event: the proof that events can be recorded."""

    def beat(self, at: datetime | None, ballast: bytes) -> None:
        """at: None keeps the time of the last, where the clock is not to be trusted."""
        ...

    def last(self) -> datetime | None: ...


class Clocks(Protocol):
    def now(self) -> datetime | None:
        """The database server's own time, by which leases go; None for a file, whose machine is ours."""
        ...

    def newest_event(self) -> datetime | None:
        """The latest time that any event has."""
        ...

    def get(self) -> ClockFacts: ...
    def put(self, facts: ClockFacts) -> None: ...


class SiteTransaction(Protocol):
    """The repositories of one unit of work that belong to cameras and the gates they drive."""

    cameras: Cameras
    gate_results: GateResults
    alerts: Alerts
    site: Site
    doors: Doors
    heartbeats: Heartbeats
    clocks: Clocks
