"""What cameras, gates and alerts need from the database, as protocols: the other half of `ports.Transaction`."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from app.core.gates.commands import DoorState, GateResult, OpenCommand, Order
from app.core.gates.result import GateResultRow
from app.core.site.mode import ClockFacts
from app.core.types import Gate


class GateResults(Protocol):
    def put(self, row: GateResultRow) -> None:
        """Stores the result, in place of an earlier one of the same event."""
        ...

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]: ...


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


class GateDriver(Protocol):
    """One gate's hardware. Thread-safe. Never raises for what the hardware or network does: that is a result.

    Where the hardware tells its door's state, the driver passes it to the callback it was built with.
    """

    def open(self, command: OpenCommand) -> GateResult:
        """Hands the command over, retrying within its window only; returns at the latest when the window ends."""
        ...

    def release(self, active: bool) -> GateResult:
        """Fire: hold the gate open for everybody (active), or go back to normal."""
        ...

    def healthy(self) -> str | None:
        """None, or what is wrong with the connection now, in words without secrets."""
        ...

    def close(self, *, tell: bool = True) -> None:
        """Leaves the hardware as the gate's fail mode demands (secure: locked; safe: released) and disconnects.

        A release in force stays in force: a restart in a fire must lock nobody in. tell: False where another process
        drives the gate by now; what that one told it is left as it is.
        """
        ...


class Gates(Protocol):
    def add(self, gate: Gate) -> None:
        """Raises Conflict('gate_exists')."""
        ...

    def get(self, gate_id: str) -> Gate | None: ...
    def by_name_or_id(self, name: str) -> Gate | None:
        """The gate of that name; without one, that of that id."""
        ...

    def all(self) -> list[Gate]: ...
    def update(self, gate: Gate) -> None: ...
    def delete(self, gate_id: str) -> None:
        """With its keys and its door. Raises Conflict, when the block ends, where events or cameras are its."""
        ...


class Orders(Protocol):
    """Openings decided in one process, for gates that another drives. Whoever takes one carries it out."""

    def put(self, order: Order) -> None: ...
    def waiting(self, gate_ids: Collection[str]) -> bool: ...
    def take(self, gate_ids: Collection[str]) -> list[Order]:
        """Removes and returns them, oldest first: of two processes one gets each."""
        ...

    def forget(self, before: datetime) -> list[Order]:
        """Removes and returns what ended before: of two processes one gets each."""
        ...
