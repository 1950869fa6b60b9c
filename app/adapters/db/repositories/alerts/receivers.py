"""Rows of receivers of alerts, and of what they get."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.seals.sealed_rows import SealedRows, batches, held
from app.adapters.db.tables import WAITING, deliveries, receivers
from app.core.alerts.alert import AlertKind, Severity
from app.core.alerts.deliveries import Change, Delivery, DeliveryState
from app.core.alerts.receivers import Form, Receiver
from app.core.errors import Conflict
from app.core.text import folded


class ReceiverRows:
    """Implements `alerts.receivers.Receivers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, receivers)

    def add(self, receiver: Receiver) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.insert(_columns(receiver))
        except IntegrityError as error:
            raise _taken() from error

    def get(self, receiver_id: str, *, for_update: bool = False) -> Receiver | None:
        row = self._rows.one(for_update=for_update, id=receiver_id)
        return None if row is None else _receiver(row)

    def all(self, *, for_update: bool = False) -> list[Receiver]:
        query = held(select(receivers).order_by(receivers.c.id), for_update)
        return [_receiver(row) for row in self._rows.find(query)]

    def put(self, receiver: Receiver) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.update(_columns(receiver), receivers.c.id == receiver.id)
        except IntegrityError as error:
            raise _taken() from error

    def delete(self, receiver_id: str) -> None:
        self._rows.delete(receivers.c.id == receiver_id)


class DeliveryRows:
    """Implements `alerts.deliveries.Deliveries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, deliveries)

    def add(self, *new: Delivery) -> None:
        self._rows.insert(*map(_delivery_columns, new))

    def put(self, delivery: Delivery) -> bool:
        return self._rows.update(_delivery_columns(delivery), WAITING, deliveries.c.id == delivery.id) == 1

    def next_place(self, receiver_id: str) -> int:
        last = select(func.max(deliveries.c.place)).where(deliveries.c.receiver_id == receiver_id)
        return (self._connection.execute(last).scalar() or 0) + 1

    def waiting(self, receiver_id: str, limit: int, *, quiet: bool | None = None) -> list[Delivery]:
        where = [WAITING, deliveries.c.receiver_id == receiver_id]
        if quiet is not None:
            where.append(deliveries.c.quiet.is_(quiet))
        return self._found(select(deliveries).where(*where).order_by(deliveries.c.place).limit(limit))

    def head(self, receiver_id: str) -> Delivery | None:
        query = select(deliveries).where(WAITING, deliveries.c.receiver_id == receiver_id)
        tried_first = (deliveries.c.tries == 0, deliveries.c.place)
        return next(iter(self._found(query.order_by(*tried_first).limit(_ALTERED))), None)

    def with_waiting(self) -> dict[str, int]:
        of = deliveries.c.receiver_id
        query = select(of, func.count()).where(WAITING).group_by(of)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def about(self, alert_ids: Iterable[str]) -> list[Delivery]:
        return self._about(alert_ids)

    def raised_since(self, alert_ids: Iterable[str], at: datetime) -> list[Delivery]:
        return self._about(alert_ids, *raised_since(at))

    def last_settled(self, receiver_id: str) -> Delivery | None:
        return self._last(receiver_id, or_(deliveries.c.state == DeliveryState.DELIVERED.value, _IN_VAIN))

    def given_up(self, receiver_id: str) -> int:
        count = select(func.count()).where(deliveries.c.receiver_id == receiver_id, _IN_VAIN)
        return self._connection.execute(count).scalar_one()

    def last_delivered(self, receiver_id: str) -> Delivery | None:
        return self._last(receiver_id, deliveries.c.state == DeliveryState.DELIVERED.value)

    def newest(self, receiver_id: str, limit: int, before: int | None = None) -> list[Delivery]:
        query = select(deliveries).where(deliveries.c.receiver_id == receiver_id)
        if before is not None:
            query = query.where(deliveries.c.place < before)
        return self._found(query.order_by(deliveries.c.place.desc()).limit(limit))

    def tidy(self, before: datetime, limit: int) -> int:
        old = select(deliveries.c.id).where(deliveries.c.settled_at < before).limit(limit)
        return self._rows.delete(deliveries.c.id.in_(list(self._connection.execute(old).scalars())))

    def _last(self, receiver_id: str, *where: ColumnElement[bool]) -> Delivery | None:
        query = select(deliveries).where(deliveries.c.receiver_id == receiver_id, *where)
        newest = query.order_by(deliveries.c.settled_at.desc(), deliveries.c.place.desc()).limit(1)
        return next(iter(self._found(newest)), None)

    def _about(self, alert_ids: Iterable[str], *where: ColumnElement[bool]) -> list[Delivery]:
        these = (select(deliveries).where(deliveries.c.alert_id.in_(ids), *where) for ids in batches(alert_ids))
        return [one for query in these for one in self._found(query)]

    def _found(self, query: Select[Any]) -> list[Delivery]:
        return [_delivery(row) for row in self._rows.find(query)]


def raised_since(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of deliveries that told a receiver since then that an alert was raised."""
    told = (deliveries.c.change == Change.RAISED.value, deliveries.c.state == DeliveryState.DELIVERED.value)
    return (deliveries.c.settled_at >= at, *told)


_ALTERED = 20  # rows that may be altered before the first that is not
_IN_VAIN = and_(deliveries.c.state == DeliveryState.GIVEN_UP.value, deliveries.c.change != Change.TEST.value)


def _taken() -> Conflict:
    return Conflict("receiver_taken", "Another receiver has this name. Choose another.")


def _columns(one: Receiver) -> dict[str, Any]:
    kinds = sorted(kind.value for kind in one.kinds)
    words = {"form": one.form.value, "least": one.least.value, "kinds": kinds, "folded": folded(one.name)}
    return {**vars(one), **words}


def _receiver(row: Mapping[str, Any]) -> Receiver:
    kinds = frozenset(AlertKind(kind) for kind in row["kinds"])
    words = {"form": Form(row["form"]), "least": Severity(row["least"]), "kinds": kinds}
    return Receiver(**{**{name: value for name, value in row.items() if name != "folded"}, **words})


def _delivery_columns(one: Delivery) -> dict[str, Any]:
    return {**vars(one), "change": one.change.value, "state": one.state.value}


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(**{**row, "change": Change(row["change"]), "state": DeliveryState(row["state"])})
