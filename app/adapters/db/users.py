"""Rows of people who sign in: users, sessions, links that work once, wrong attempts, the log of sign-ins."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine import held, is_taken, upsert
from app.adapters.db.tables import provider, sessions, sign_ins, tallies, tickets, users
from app.core.errors import Conflict
from app.core.lockout import Tally
from app.core.provider import Provider
from app.core.types import Role
from app.core.users import Method, Outcome, Session, SignIn, Ticket, TicketKind, User, folded

_USER = [column for column in users.c if column.name != "name_folded"]


class UserRows:
    """user_ports.Users."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user: User) -> None:
        with _unique(self._connection, user) as connection:
            connection.execute(insert(users).values(**_columns(user)))

    def get(self, user_id: str, *, hold: bool = False) -> User | None:
        query = held(select(*_USER).where(users.c.id == user_id), hold)
        return _user(self._connection.execute(query).one_or_none())

    def by_name(self, name: str) -> User | None:
        query = select(*_USER).where(users.c.name_folded == folded(name))
        return _user(self._connection.execute(query).one_or_none())

    def by_subject(self, subject: str, *, hold: bool = False) -> User | None:
        query = held(select(*_USER).where(users.c.subject == subject), hold)
        return _user(self._connection.execute(query).one_or_none())

    def all(self, *, hold: bool = False) -> list[User]:
        query = held(select(*_USER).order_by(users.c.name_folded), hold)
        return [user for user in map(_user, self._connection.execute(query)) if user is not None]

    def update(self, user: User) -> None:
        with _unique(self._connection, user) as connection:
            connection.execute(update(users).where(users.c.id == user.id).values(**_columns(user)))


class SessionRows:
    """user_ports.Sessions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        self._connection.execute(insert(sessions).values(**vars(session)))

    def by_hash(self, hash_hex: str) -> tuple[Session, User] | None:
        row = self._connection.execute(select(sessions).where(sessions.c.hash == hash_hex)).one_or_none()
        if row is None:
            return None
        user = UserRows(self._connection).get(row.user_id)
        return None if user is None else (Session(**row._mapping), user)

    def of(self, user_id: str) -> list[Session]:
        query = select(sessions).where(sessions.c.user_id == user_id).order_by(sessions.c.id.desc())
        return [Session(**row._mapping) for row in self._connection.execute(query)]

    def seen(self, session_id: str, at: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=at))

    def end(self, session_id: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.id == session_id))

    def end_all(self, user_id: str, but: str | None = None) -> int:
        statement = delete(sessions).where(sessions.c.user_id == user_id)
        return self._connection.execute(statement if but is None else statement.where(sessions.c.id != but)).rowcount

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.ends_at < before))


class TicketRows:
    """user_ports.Tickets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, ticket: Ticket) -> None:
        self._connection.execute(insert(tickets).values(**{**vars(ticket), "kind": ticket.kind.value}))

    def get(self, hash_hex: str) -> Ticket | None:
        row = self._connection.execute(select(tickets).where(tickets.c.hash == hash_hex)).one_or_none()
        return None if row is None else Ticket(**{**row._mapping, "kind": TicketKind(row.kind)})

    def take(self, hash_hex: str) -> bool:
        return self._connection.execute(delete(tickets).where(tickets.c.hash == hash_hex)).rowcount == 1

    def withdraw(self, user_id: str | None) -> None:
        theirs = tickets.c.user_id.is_(None) if user_id is None else tickets.c.user_id == user_id
        self._connection.execute(delete(tickets).where(theirs))


class TallyRows:
    """user_ports.Tallies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, buckets: Iterable[str]) -> dict[str, Tally]:
        query = select(tallies).where(tallies.c.bucket.in_(list(buckets)))
        return {row.bucket: Tally(row.wrong, row.last_at) for row in self._connection.execute(query)}

    def hold(self, bucket: str, now: datetime) -> Tally:
        # An update that changes nothing holds the row, and finds the newest one, where an insert does not hold first.
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
    """user_ports.SignIns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sign_in: SignIn) -> None:
        columns = {**vars(sign_in), "method": sign_in.method.value, "outcome": sign_in.outcome.value}
        self._connection.execute(insert(sign_ins).values(**columns))

    def find(self, user_id: str | None = None, before: str | None = None, limit: int = 50) -> list[SignIn]:
        query = select(sign_ins).order_by(sign_ins.c.id.desc()).limit(limit)
        if user_id is not None:
            query = query.where(sign_ins.c.user_id == user_id)
        if before is not None:
            query = query.where(sign_ins.c.id < before)
        return [
            SignIn(**{**row._mapping, "method": Method(row.method), "outcome": Outcome(row.outcome)})
            for row in self._connection.execute(query)
        ]

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(sign_ins).where(sign_ins.c.at < before))


class ProviderRow:
    """provider.Providers: at most one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Provider | None:
        columns = [column for column in provider.c if column.name != "id"]
        row = self._connection.execute(select(*columns)).one_or_none()
        if row is None:
            return None
        return Provider(**{**row._mapping, "roles": {group: Role(role) for group, role in row.roles.items()}})

    def put(self, wanted: Provider | None) -> None:
        self._connection.execute(delete(provider))
        if wanted is not None:
            columns = {**vars(wanted), "roles": {group: role.value for group, role in wanted.roles.items()}}
            self._connection.execute(insert(provider).values(id=1, **columns))


@contextmanager
def _unique(connection: Connection, user: User) -> Iterator[Connection]:
    try:
        with connection.begin_nested():
            yield connection
    except IntegrityError as error:
        if not is_taken(error, users.c.name_folded):
            raise
        raise Conflict("name_taken", "There is already a user of this name; choose another.") from error


def _columns(user: User) -> dict[str, Any]:
    return {**vars(user), "roles": sorted(user.roles), "name_folded": folded(user.name)}


def _user(row: Row[Any] | None) -> User | None:
    return None if row is None else User(**{**row._mapping, "roles": frozenset(Role(role) for role in row.roles)})
