"""What people's sign-ins need from the database and from cryptography, as protocols."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from app.core.lockout import Tally
from app.core.provider import Providers
from app.core.users import Session, SignIn, Ticket, User


class PasswordHasher(Protocol):
    """Slow on purpose, and bounded: at most so many at once, at low priority. Raises Busy where too many wait."""

    def hash(self, password: str) -> str: ...
    def matches(self, password: str, hashed: str | None) -> bool:
        """None takes as long as any wrong password and matches nothing."""
        ...

    def is_dated(self, hashed: str) -> bool:
        """Whether it was made with other costs than are in force now."""
        ...


class Users(Protocol):
    def add(self, user: User) -> None:
        """Raises Conflict('name_taken')."""
        ...

    def get(self, user_id: str, *, hold: bool = False) -> User | None:
        """hold: nobody else changes them until the transaction ends. Before the user's tickets and tallies are."""
        ...

    def by_name(self, name: str) -> User | None:
        """Whatever its case."""
        ...

    def by_subject(self, subject: str, *, hold: bool = False) -> User | None: ...
    def all(self, *, hold: bool = False) -> list[User]:
        """By name. hold: nobody else changes them until the transaction ends."""
        ...

    def update(self, user: User) -> None:
        """Raises Conflict('name_taken')."""
        ...


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...
    def by_hash(self, hash_hex: str) -> tuple[Session, User] | None: ...
    def of(self, user_id: str) -> list[Session]:
        """Newest first."""
        ...

    def seen(self, session_id: str, at: datetime) -> None: ...
    def end(self, session_id: str) -> None: ...
    def end_all(self, user_id: str, but: str | None = None) -> int:
        """Ends the user's sessions, all but this one; how many."""
        ...

    def forget(self, before: datetime) -> None:
        """Removes those that ended before."""
        ...


class Tickets(Protocol):
    def add(self, ticket: Ticket) -> None: ...
    def get(self, hash_hex: str) -> Ticket | None: ...
    def take(self, hash_hex: str) -> bool:
        """Removes the ticket; whether it was there. Of two that take one ticket, one gets True."""
        ...

    def withdraw(self, user_id: str | None) -> None:
        """Removes every ticket of this user; None: those for the first admin."""
        ...


class Tallies(Protocol):
    """Wrong sign-ins, counted for each name and address; the bucket names neither."""

    def get(self, buckets: Iterable[str]) -> dict[str, Tally]: ...
    def hold(self, bucket: str, now: datetime) -> Tally:
        """The bucket's tally, a new one of none where there was none; nobody else counts there until the end."""
        ...

    def put(self, bucket: str, tally: Tally) -> None: ...
    def one_less(self, bucket: str) -> None: ...
    def drop(self, bucket: str) -> None: ...
    def forget(self, before: datetime) -> None:
        """Removes those whose last attempt lies before."""
        ...


class SignIns(Protocol):
    def add(self, sign_in: SignIn) -> None: ...
    def find(self, user_id: str | None = None, before: str | None = None, limit: int = 50) -> list[SignIn]:
        """Newest first by id."""
        ...

    def forget(self, before: datetime) -> None: ...


class UserTransaction(Protocol):
    """The repositories of one unit of work that belong to people who sign in."""

    users: Users
    sessions: Sessions
    tickets: Tickets
    tallies: Tallies
    sign_ins: SignIns
    providers: Providers
