"""Rows with which processes share the gates: leases, candidates for them, openings and remote_polls in transit."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, or_, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.row_seal import blinded, unblinded
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import UNANSWERED, leases, orders, remote_polls, watchers
from app.core.gates.commands import Order, RemotePoll


class LeaseRows:
    """Implements `ports.site.Leases`. One statement takes or renews a lease, so of two processes one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, gate_id: str, holder: str, now: datetime, until: datetime) -> bool:
        row = upsert(self._connection, leases).values(gate_id=gate_id, holder=holder, until=until)
        taken = row.on_conflict_do_update(
            index_elements=[leases.c.gate_id],
            set_={"holder": row.excluded.holder, "until": row.excluded.until},
            where=or_(leases.c.holder == holder, leases.c.until <= now),
        )
        try:
            with self._connection.begin_nested():
                return self._connection.execute(taken.returning(leases.c.gate_id)).one_or_none() is not None
        except IntegrityError:  # the gate has been deleted meanwhile
            return False

    def give_up(self, holder: str, gate_ids: Collection[str] | None = None) -> None:
        statement = delete(leases).where(leases.c.holder == holder)
        if gate_ids is not None:
            statement = statement.where(leases.c.gate_id.in_(gate_ids))
        self._connection.execute(statement)

    def holders(self) -> dict[str, tuple[str, datetime]]:
        return {row.gate_id: (row.holder, row.until) for row in self._connection.execute(select(leases))}


class WatcherRows:
    """Implements `ports.site.Watchers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def arrive(self, holder: str, gates: Collection[str], until: datetime) -> None:
        row = upsert(self._connection, watchers).values(holder=holder, gates=list(gates), until=until)
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[watchers.c.holder], set_={"gates": row.excluded.gates, "until": row.excluded.until}
            )
        )

    def leave(self, holder: str) -> None:
        self._connection.execute(delete(watchers).where(watchers.c.holder == holder))

    def forget(self, now: datetime) -> None:
        self._connection.execute(delete(watchers).where(watchers.c.until <= now))

    def present(self) -> dict[str, tuple[str, ...]]:
        return {row.holder: tuple(row.gates) for row in self._connection.execute(select(watchers))}

    def all(self) -> dict[str, datetime]:
        return {row.holder: row.until for row in self._connection.execute(select(watchers))}


class OrderRows:
    """Implements `ports.gates.Orders`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, orders)

    def put(self, order: Order) -> None:
        self._rows.insert({**vars(order), "employee_id": blinded(self._connection, order.employee_id)})

    def waiting(self, gate_ids: Collection[str]) -> bool:
        found = select(orders.c.event_id).where(orders.c.gate_id.in_(gate_ids)).limit(1)
        return self._connection.execute(found).one_or_none() is not None

    def take(self, gate_ids: Collection[str]) -> list[Order]:
        found = self._taken(orders.c.gate_id.in_(gate_ids))
        return sorted(found, key=lambda order: (order.at, order.event_id))

    def forget(self, before: datetime) -> list[Order]:
        return self._taken(orders.c.until < before)

    def _taken(self, where: ColumnElement[bool]) -> list[Order]:
        rows = self._rows.take(where)
        return [Order(**{**row, "employee_id": unblinded(self._connection, row["employee_id"])}) for row in rows]


class RemotePollRows:
    """Implements `ports.site.RemotePolls`. One statement answers or withdraws a poll, so one of the two wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, remote_polls)

    def put(self, poll: RemotePoll) -> None:
        self._rows.insert(vars(poll))

    def waiting(self, gate_ids: Collection[str], now: datetime) -> list[RemotePoll]:
        found = select(remote_polls).where(UNANSWERED, remote_polls.c.gate_id.in_(gate_ids), remote_polls.c.until > now)
        rows = self._rows.find(found.order_by(remote_polls.c.at, remote_polls.c.id))
        return [RemotePoll(**{name: value for name, value in row.items() if name != "event_id"}) for row in rows]

    def answer(self, poll_id: str, event_id: str) -> bool:
        return self._rows.update({"event_id": event_id}, remote_polls.c.id == poll_id, UNANSWERED) == 1

    def answered(self, poll_id: str) -> str | None:
        row = self._rows.one(id=poll_id)
        return None if row is None else row["event_id"]

    def withdraw(self, poll_id: str) -> str | None:
        gone = self._rows.take(remote_polls.c.id == poll_id)
        return gone[0]["event_id"] if gone else None

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(remote_polls).where(remote_polls.c.until < before))
