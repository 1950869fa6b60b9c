"""What processes that share a site need from the database, as protocols: a part of `ports.Transaction`.

The times are the caller's: those of the clock that all processes share (`services.duty.shared_time`).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from app.core.gates.commands import RemotePoll
from app.core.site.installation import Installation
from app.core.site.mode import SiteState


class Leases(Protocol):
    """Which process watches and drives which gate. A lease ends at its `until` unless it is renewed."""

    def take(self, gate_id: str, holder: str, now: datetime, until: datetime) -> bool:
        """Takes the lease, or renews it, if it is free, expired (its until <= now) or the holder's own.

        False where another holds it or the gate is gone. Of processes that race for one gate, one gets True.
        """
        ...

    def give_up(self, holder: str, gate_ids: Collection[str] | None = None) -> None:
        """Frees these gates of what the holder has; None: everything."""
        ...

    def holders(self) -> dict[str, tuple[str, datetime]]:
        """Who holds which gate, until when; expired leases that nobody took over are among them."""
        ...


class Watchers(Protocol):
    """The processes that could watch and drive gates."""

    def arrive(self, holder: str, gates: Collection[str], until: datetime) -> None:
        """The holder is there until then, for gates of these names (none: for every gate)."""
        ...

    def leave(self, holder: str) -> None: ...
    def forget(self, now: datetime) -> None:
        """Removes whoever has not been heard of in time."""
        ...

    def present(self) -> dict[str, tuple[str, ...]]:
        """Each holder with the names of the gates it is there for."""
        ...

    def all(self) -> dict[str, datetime]:
        """Each holder and until when it is there."""
        ...


class RemotePolls(Protocol):
    """What one process wants to know of a camera that another watches. The event that answers is named in the
    transaction that records it, so of an answer and a withdrawal exactly one happens."""

    def put(self, question: RemotePoll) -> None: ...
    def waiting(self, gate_ids: Collection[str], now: datetime) -> list[RemotePoll]:
        """Those of these gates that nobody has answered and somebody still waits for, oldest first."""
        ...

    def answer(self, question_id: str, event_id: str) -> bool:
        """False, and nothing stored, where it was withdrawn or is answered already."""
        ...

    def answered(self, question_id: str) -> str | None:
        """The event that answers it, if there is one."""
        ...

    def withdraw(self, question_id: str) -> str | None:
        """Nobody waits for it any more. The event that answered it before, if there is one."""
        ...

    def forget(self, before: datetime) -> None:
        """Drops what ended before."""
        ...


class Installations(Protocol):
    def get(self) -> Installation | None: ...
    def put(self, installation: Installation) -> None: ...


class Site(Protocol):
    def get(self) -> SiteState:
        """Normal, since ever and by nobody, before the first `put`."""
        ...

    def put(self, state: SiteState) -> None: ...
