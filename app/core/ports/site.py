"""Protocols for processes that share a site; part of `ports.Transaction`.

The caller passes all times, from the clock that the processes share (`shared_time`).
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from app.core.gates.commands import RemotePoll
from app.core.site.backup import Backup, Written
from app.core.site.installation import Installation
from app.core.site.mode import SiteState
from app.core.site.settings import SiteSettings


class Leases(Protocol):
    """Which process watches and drives each gate. A lease ends at its `until` unless it is renewed."""

    def take(self, gate_id: str, holder: str, now: datetime, until: datetime) -> bool:
        """Takes or renews the lease if it is free, expired (until <= now) or the holder's own.

        Returns False if another process holds it or the gate is gone. If processes race for a gate, one gets True.
        """
        ...

    def give_up(self, holder: str, gate_ids: Collection[str] | None = None) -> None:
        """Frees the holder's leases on these gates; None means all its leases."""
        ...

    def holders(self) -> dict[str, tuple[str, datetime]]:
        """Returns the holder and the end of each gate's lease, including expired ones that nobody took over."""
        ...


class Watchers(Protocol):
    """The processes that could watch and drive gates."""

    def arrive(self, holder: str, gates: Collection[str], until: datetime) -> None:
        """Records that the holder is present until then, for gates of these names; empty means every gate."""
        ...

    def leave(self, holder: str) -> None: ...
    def forget(self, now: datetime) -> None:
        """Removes the holders whose presence has expired."""
        ...

    def present(self) -> dict[str, tuple[str, ...]]:
        """Returns each holder with the names of the gates it serves."""
        ...

    def all(self) -> dict[str, datetime]:
        """Returns each holder and the time until which it is present."""
        ...


class RemotePolls(Protocol):
    """Questions from one process about a camera that another watches.

    The transaction that records an event also stores it as the answer, so exactly one of answer and withdrawal happens.
    """

    def put(self, poll: RemotePoll) -> None: ...
    def waiting(self, gate_ids: Collection[str], now: datetime) -> list[RemotePoll]:
        """Returns the unanswered polls of these gates that somebody still waits for, oldest first."""
        ...

    def answer(self, poll_id: str, event_id: str) -> bool:
        """Stores the answer. Returns False, and stores nothing, if the poll was withdrawn or already answered."""
        ...

    def answered(self, poll_id: str) -> str | None:
        """Returns the id of the event that answers it, if any."""
        ...

    def withdraw(self, poll_id: str) -> str | None:
        """Withdraws the poll, and returns the id of the event that already answered it, if any."""
        ...

    def forget(self, before: datetime) -> None:
        """Removes the polls that ended before that time."""
        ...


class Installations(Protocol):
    """The stored facts about this installation."""

    def get(self) -> Installation | None: ...
    def put(self, installation: Installation) -> None: ...


class Site(Protocol):
    """The stored mode of the site."""

    def get(self) -> SiteState:
        """Returns the state; before the first `put`, it is normal and has no time or author."""
        ...

    def put(self, state: SiteState) -> None: ...


class Settings(Protocol):
    """The stored settings of the site."""

    def get(self, *, for_update: bool = False) -> SiteSettings:
        """Returns the settings; before the first `put`, those of a new site."""
        ...

    def put(self, settings: SiteSettings) -> None: ...


class Backups(Protocol):
    """What became of the backups of this installation."""

    def add(self, backup: Backup, keep: int) -> None:
        """Stores one, and removes all but the newest `keep` and the newest good one."""
        ...

    def newest(self, limit: int) -> list[Backup]: ...


class BackupFiles(Protocol):
    """Writes backups of this site. Every method raises Fault with a sentence that says what to do."""

    def write(
        self,
        place: str,
        at: datetime,
        passphrase: str | None,
        progress: Callable[[int, int], None],
        rest: Callable[[], None],
    ) -> Written:
        """Writes database and journals as they are at one moment, while others go on writing, and reads the file again.

        Args:
            place: the file, which must not exist.
            passphrase: seals the file, which then has the master key in it; None: the master key seals it.
            progress: called with the rows that are done, and how many there are.
            rest: called often, so that decisions go first.
        """
        ...

    def keep_keys(self, folder: str) -> None:
        """Brings the folder's one copy of people.keys and of the erasure journal up to date."""
        ...

    def make_room(self, folder: str, kept: int) -> None:
        """Removes the oldest backups of this site beyond `kept`, and what killed backups left."""
        ...

    def place_in(self, folder: str, name: str) -> str: ...

    def check_folder(self, folder: str) -> str:
        """Tries to write there. Returns a warning, or "". Raises BadField for a folder that cannot be used."""
        ...
