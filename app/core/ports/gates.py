"""Protocols for gates: their hardware, doors, commands and clocks, as stored and as driven."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from app.core.gates.commands import DoorState, GateResult, OpenCommand, Order
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.site.mode import ClockFacts


class GateResults(Protocol):
    """The stored results of commands to gates."""

    def put(self, row: GateResultRow) -> None:
        """Stores the result, replacing an earlier one of the same event."""
        ...

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]: ...


class Doors(Protocol):
    """The state of every gate's door, apart from the gate's row, so that reports and decisions never block each other.

    `Gate.door` and `Gate.door_at` show it; only `set` changes it.
    """

    def set(self, gate_id: str, state: DoorState, at: datetime) -> bool:
        """Stores the report. Returns False, and stores nothing, if there is a later report."""
        ...

    def get(self, gate_id: str) -> tuple[DoorState, datetime] | None: ...


class Heartbeats(Protocol):
    """One row, about as large as an event, that is written repeatedly to prove that events can be recorded."""

    def beat(self, at: datetime | None, ballast: bytes) -> None:
        """Writes the row. `at` is None while the clock is in doubt, which keeps the previous time."""
        ...

    def last(self) -> datetime | None: ...


class Clocks(Protocol):
    """What the database knows about the time."""

    def now(self) -> datetime | None:
        """Returns the database server's time, which leases use; None for a database file on this machine."""
        ...

    def newest_event(self) -> datetime | None:
        """Returns the latest time of any event."""
        ...

    def get(self) -> ClockFacts: ...
    def put(self, facts: ClockFacts) -> None: ...


class GateDriver(Protocol):
    """One gate's hardware. Thread-safe. Faults of the hardware or network are results, never exceptions.

    If the hardware reports its door's state, the driver passes it to the callback it was built with.
    """

    def open(self, command: OpenCommand) -> GateResult:
        """Sends the command, with retries, and returns no later than the command expires."""
        ...

    def release(self, active: bool) -> GateResult:
        """Holds the gate open for everybody, as in a fire, or returns it to normal."""
        ...

    def healthy(self) -> str | None:
        """Returns what is wrong with the connection now, in words without secrets, or None."""
        ...

    def close(self, *, set_mode: bool = True) -> None:
        """Puts the hardware in the gate's fail mode (secure: locked; safe: released) and disconnects.

        An active release stays active, because a restart during a fire must lock nobody in. set_mode: False if another
        process drives the gate by now; then the hardware is left as it is.
        """
        ...


class Gates(Protocol):
    """The stored gates."""

    def add(self, gate: Gate) -> None:
        """Stores a new gate. Raises Conflict('gate_exists') if the name is in use."""
        ...

    def get(self, gate_id: str) -> Gate | None: ...
    def by_name_or_id(self, name: str) -> Gate | None:
        """Returns the gate of that name, else of that id."""
        ...

    def all(self) -> list[Gate]: ...
    def update(self, gate: Gate) -> None: ...
    def delete(self, gate_id: str) -> None:
        """Removes the gate, its keys and its door.

        Raises Conflict, at the end of the transaction, if the gate has events or cameras.
        """
        ...


class Orders(Protocol):
    """Openings decided in one process for gates that another drives. The process that takes one carries it out."""

    def put(self, order: Order) -> None: ...
    def waiting(self, gate_ids: Collection[str]) -> bool: ...
    def take(self, gate_ids: Collection[str]) -> list[Order]:
        """Removes and returns the orders, oldest first. If two processes race, each order goes to one of them."""
        ...

    def forget(self, before: datetime) -> list[Order]:
        """Removes and returns the orders that ended before that time; in a race, each goes to one process."""
        ...
