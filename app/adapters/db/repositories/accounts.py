"""Rows of people who sign in: users, sessions, links that work once, wrong attempts, the log of sign-ins,
and the audit trail."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine.connect import is_taken, upsert
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows, held
from app.adapters.db.seals.trail import add
from app.adapters.db.tables import (
    provider,
    saved_views,
    sessions,
    sign_ins,
    tallies,
    tickets,
    trail,
    users,
)
from app.core.accounts.lockout import Tally
from app.core.accounts.provider import Provider
from app.core.accounts.saved_views import SavedView
from app.core.accounts.trail import Action, FieldChange, TrailEntry, TrailFilter
from app.core.accounts.users import Method, Session, SignIn, SignInOutcome, Ticket, TicketKind, User, folded
from app.core.errors import Conflict, CryptoFault
from app.core.sealing import Sealed, context
from app.core.types import Role


class UserRows:
    """Implements `ports.accounts.Users`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, users)

    def add(self, user: User) -> None:
        with _unique(self._connection, user):
            self._rows.insert(_columns(user))

    def get(self, user_id: str, *, for_update: bool = False) -> User | None:
        return _user(self._rows.one(id=user_id, for_update=for_update))

    def by_name(self, name: str) -> User | None:
        return _user(self._rows.one(name_folded=folded(name)))

    def by_subject(self, subject: str, *, for_update: bool = False) -> User | None:
        return _user(self._rows.one(subject=subject, for_update=for_update))

    def all(self, *, for_update: bool = False) -> list[User]:
        query = held(select(users).order_by(users.c.name_folded), for_update)
        return [user for user in map(_user, self._rows.find(query)) if user is not None]

    def update(self, user: User) -> None:
        with _unique(self._connection, user):
            self._rows.update(_columns(user), users.c.id == user.id)

    def remove(self, user_id: str) -> bool:
        return self._rows.delete(users.c.id == user_id) == 1


class SessionRows:
    """Implements `ports.accounts.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, sessions)

    def add(self, session: Session) -> None:
        self._rows.insert(vars(session))

    def by_hash(self, hash_hex: str) -> tuple[Session, User] | None:
        row = self._rows.one(hash=hash_hex)
        if row is None:
            return None
        user = UserRows(self._connection).get(row["user_id"])
        return None if user is None else (Session(**row), user)

    def of(self, user_id: str) -> list[Session]:
        query = select(sessions).where(sessions.c.user_id == user_id).order_by(sessions.c.id.desc())
        return [Session(**row) for row in self._rows.find(query)]

    def seen(self, session_id: str, at: datetime) -> None:
        self._rows.update({"seen_at": at}, sessions.c.id == session_id)

    def end(self, session_id: str) -> None:
        self._rows.delete(sessions.c.id == session_id)

    def end_all(self, user_id: str, but: str | None = None) -> int:
        kept = () if but is None else (sessions.c.id != but,)
        return self._rows.delete(sessions.c.user_id == user_id, *kept)

    def forget(self, before: datetime) -> None:
        self._rows.delete(sessions.c.ends_at < before)


class SavedViewRows:
    """Implements `ports.accounts.SavedViews`."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._seals = connection, seals_of(connection)

    def add(self, view: SavedView) -> None:
        text, bound = json.dumps([view.name, view.query]), context(Sealed.SAVED_VIEW, view.user_id, view.id)
        values = {"id": view.id, "user_id": view.user_id, "sealed": self._seals.conceal(text.encode(), bound)}
        self._connection.execute(insert(saved_views).values(**values))

    def of(self, user_id: str) -> list[SavedView]:
        found = []
        for row in self._connection.execute(select(saved_views).where(saved_views.c.user_id == user_id)):
            with suppress(CryptoFault):  # an altered view opens nothing; its user sees that it is gone
                opened = json.loads(self._seals.reveal(row.sealed, context(Sealed.SAVED_VIEW, user_id, row.id)))
                found.append(SavedView(row.id, user_id, *opened))
        return sorted(found, key=lambda view: (folded(view.name), view.name))

    def remove(self, user_id: str, view_id: str) -> bool:
        return self._connection.execute(delete(saved_views).filter_by(id=view_id, user_id=user_id)).rowcount == 1


class TicketRows:
    """Implements `ports.accounts.Tickets`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, tickets)

    def add(self, ticket: Ticket) -> None:
        self._rows.insert({**vars(ticket), "kind": ticket.kind.value})

    def get(self, hash_hex: str) -> Ticket | None:
        row = self._rows.one(hash=hash_hex)
        return None if row is None else Ticket(**{**row, "kind": TicketKind(row["kind"])})

    def take(self, hash_hex: str) -> bool:
        return len(self._rows.take(tickets.c.hash == hash_hex)) == 1

    def withdraw(self, user_id: str | None) -> None:
        theirs = tickets.c.user_id.is_(None) if user_id is None else tickets.c.user_id == user_id
        self._rows.delete(theirs)


class TallyRows:
    """Implements `ports.accounts.Tallies`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, buckets: Iterable[str]) -> dict[str, Tally]:
        query = select(tallies).where(tallies.c.bucket.in_(list(buckets)))
        return {row.bucket: Tally(row.wrong, row.last_at) for row in self._connection.execute(query)}

    def hold(self, bucket: str, now: datetime) -> Tally:
        # An update that changes nothing locks the row and sees its newest version, which an insert would not.
        statement = upsert(self._connection, tallies).values(bucket=bucket, wrong=0, last_at=now)
        row = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[tallies.c.bucket], set_={"wrong": tallies.c.wrong}
            ).returning(tallies.c.wrong, tallies.c.last_at)
        ).one()
        return Tally(row.wrong, row.last_at)

    def put(self, bucket: str, tally: Tally) -> None:
        statement = upsert(self._connection, tallies).values(bucket=bucket, **vars(tally))
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[tallies.c.bucket], set_=dict(vars(tally)))
        )

    def one_less(self, bucket: str) -> None:
        counted = update(tallies).where(tallies.c.bucket == bucket, tallies.c.wrong > 0)
        self._connection.execute(counted.values(wrong=tallies.c.wrong - 1))

    def drop(self, bucket: str) -> None:
        self._connection.execute(delete(tallies).where(tallies.c.bucket == bucket))

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(tallies).where(tallies.c.last_at < before))


class SignInRows:
    """Implements `ports.accounts.SignIns`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, sign_ins)

    def add(self, sign_in: SignIn) -> None:
        self._rows.insert({**vars(sign_in), "method": sign_in.method.value, "outcome": sign_in.outcome.value})

    def find(
        self, user_id: str | None = None, before: str | None = None, limit: int = 50, method: Method | None = None
    ) -> list[SignIn]:
        wanted = {"user_id": user_id, "method": method and method.value}
        query = select(sign_ins).filter_by(**{name: value for name, value in wanted.items() if value is not None})
        if before is not None:
            query = query.where(sign_ins.c.id < before)
        rows = self._rows.find(query.order_by(sign_ins.c.id.desc()).limit(limit))
        typed = [row | {"method": Method(row["method"]), "outcome": SignInOutcome(row["outcome"])} for row in rows]
        return [SignIn(**row) for row in typed]


class TrailRows:
    """Implements `ports.accounts.Trail`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, trail)

    def add(self, *entries: TrailEntry) -> None:
        add(self._connection, *entries)

    def find(self, which: TrailFilter) -> list[TrailEntry]:
        wanted = {
            "actor": which.actor,
            "kind": which.kind,
            "subject": which.subject,
            "person": which.person,
            "action": which.action and which.action.value,
        }
        query = select(trail).filter_by(**{name: value for name, value in wanted.items() if value is not None})
        if which.since is not None:
            query = query.where(trail.c.at >= which.since)
        if which.until is not None:
            query = query.where(trail.c.at < which.until)
        if which.before is not None:
            query = query.where(trail.c.id < which.before)
        rows = self._rows.find(query.order_by(trail.c.id.desc()).limit(which.limit))
        return [
            TrailEntry(
                **row
                | {"action": Action(row["action"]), "fields": tuple(FieldChange.read(field) for field in row["fields"])}
            )
            for row in rows
        ]


class ProviderRow:
    """provider.Providers: at most one."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, provider)

    def get(self) -> Provider | None:
        row = self._rows.one(id=1)
        if row is None:
            return None
        del row["id"]
        return Provider(**{**row, "roles": {group: Role(role) for group, role in row["roles"].items()}})

    def put(self, wanted: Provider | None) -> None:
        self._rows.delete(provider.c.id == 1)
        if wanted is not None:
            columns = {**vars(wanted), "roles": {group: role.value for group, role in wanted.roles.items()}}
            self._rows.insert({"id": 1, **columns})


@contextmanager
def _unique(connection: Connection, user: User) -> Iterator[None]:
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        if not is_taken(error, users.c.name_folded):
            raise
        raise Conflict("name_taken", "A user with this name already exists. Choose another name.") from error


def _columns(user: User) -> dict[str, Any]:
    return {**vars(user), "roles": sorted(user.roles), "name_folded": folded(user.name)}


def _user(row: dict[str, Any] | None) -> User | None:
    if row is None:
        return None
    del row["name_folded"]
    return User(**{**row, "roles": frozenset(Role(role) for role in row["roles"])})
