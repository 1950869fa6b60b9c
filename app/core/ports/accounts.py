"""Protocols for users, sessions, sign-ins and keys: hashing and storage."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from app.core.accounts.lockout import Tally
from app.core.accounts.saved_views import SavedView
from app.core.accounts.trail import TrailEntry, TrailFilter
from app.core.accounts.users import Method, Session, SignIn, Ticket, User
from app.core.types import ApiKey


class PasswordHasher(Protocol):
    """Hashes passwords, slowly on purpose, a few at a time at low priority. Raises Busy if too many are waiting."""

    def hash(self, password: str) -> str: ...
    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password matches. None matches nothing and takes as long as any wrong password."""
        ...

    def is_dated(self, hashed: str) -> bool:
        """Whether the hash was made with other cost parameters than the current ones."""
        ...


class Users(Protocol):
    """The stored users."""

    def add(self, user: User) -> None:
        """Raises Conflict('name_taken')."""
        ...

    def get(self, user_id: str, *, for_update: bool = False) -> User | None:
        """With `for_update`, nobody else changes the user until the transaction ends. Lock users before their tickets
        and tallies."""
        ...

    def by_name(self, name: str) -> User | None:
        """Returns the user of that name, ignoring case."""
        ...

    def by_subject(self, subject: str, *, for_update: bool = False) -> User | None: ...
    def all(self, *, for_update: bool = False) -> list[User]:
        """Returns all users by name. With `for_update`, nobody else changes them until the transaction ends."""
        ...

    def update(self, user: User) -> None:
        """Raises Conflict('name_taken')."""
        ...

    def remove(self, user_id: str) -> bool:
        """Removes the user with their sessions and links. Returns whether there was one."""
        ...


class Sessions(Protocol):
    """The stored sessions."""

    def add(self, session: Session) -> None: ...
    def by_hash(self, hash_hex: str) -> tuple[Session, User] | None: ...
    def of(self, user_id: str) -> list[Session]:
        """Returns the user's sessions, newest first."""
        ...

    def seen(self, session_id: str, at: datetime) -> None: ...
    def end(self, session_id: str) -> None: ...
    def end_all(self, user_id: str, but: str | None = None) -> int:
        """Ends the user's sessions except `but`, and returns how many it ended."""
        ...

    def forget(self, before: datetime) -> None:
        """Removes the sessions that ended before that time."""
        ...


class Tickets(Protocol):
    """The stored one-time links."""

    def add(self, ticket: Ticket) -> None: ...
    def get(self, hash_hex: str) -> Ticket | None: ...
    def take(self, hash_hex: str) -> bool:
        """Removes the ticket and returns whether it was there. If two callers race, one of them gets True."""
        ...

    def withdraw(self, user_id: str | None) -> None:
        """Removes every ticket of this user; None means the tickets for the first admin."""
        ...


class SavedViews(Protocol):
    """The stored views of users. Lock the user first."""

    def add(self, view: SavedView) -> None: ...
    def of(self, user_id: str) -> list[SavedView]:
        """Returns the user's views by name, without those that somebody else wrote."""
        ...

    def remove(self, user_id: str, view_id: str) -> bool:
        """Removes the user's view and returns whether there was one."""
        ...


class Tallies(Protocol):
    """Counts wrong sign-ins per name and per address. A bucket's key reveals neither."""

    def get(self, buckets: Iterable[str]) -> dict[str, Tally]: ...
    def hold(self, bucket: str, now: datetime) -> Tally:
        """Returns the bucket's tally, creating an empty one if needed, and locks it until the transaction ends."""
        ...

    def put(self, bucket: str, tally: Tally) -> None: ...
    def one_less(self, bucket: str) -> None: ...
    def drop(self, bucket: str) -> None: ...
    def forget(self, before: datetime) -> None:
        """Removes the tallies whose last attempt was before that time."""
        ...


class SignIns(Protocol):
    """The stored record of sign-ins."""

    def add(self, sign_in: SignIn) -> None: ...
    def find(
        self,
        user_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
        method: Method | None = None,
    ) -> list[SignIn]:
        """Returns sign-ins, newest first by id."""
        ...


class Trail(Protocol):
    """The stored audit trail. Changes of records are added by the store itself, with each transaction."""

    def add(self, *entries: TrailEntry) -> None: ...
    def find(self, which: TrailFilter) -> list[TrailEntry]:
        """Returns entries, newest first by id."""
        ...


class KeyUses(Protocol):
    """When each key was last used."""

    def put(self, uses: Mapping[str, datetime]) -> None:
        """Stores the times by key id. An older time than the stored one changes nothing."""
        ...

    def all(self) -> dict[str, datetime]: ...
    def begin(self, at: datetime) -> None:
        """Stores that uses are noted from this time on. Later calls change nothing."""
        ...

    def begun_at(self) -> datetime | None:
        """Returns since when uses are noted."""
        ...


class ApiKeys(Protocol):
    """The stored keys of devices."""

    def add(self, key: ApiKey) -> None: ...
    def get(self, key_id: str) -> ApiKey | None: ...
    def by_hash(self, hash_hex: str) -> ApiKey | None: ...
    def all(self) -> list[ApiKey]: ...
    def rename(self, key_id: str, name: str) -> None: ...
    def revoke(self, key_id: str, at: datetime) -> None: ...
