"""Rows of what happened at the gates: events and their corrections, the head of each gate's chain, what tells a repeat.

A repeat is recognised by its idempotency key, or by the digests of its pictures while they are kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from app.adapters.db.engine.connect import upsert_in
from app.adapters.db.fixed import Fixed
from app.adapters.db.repositories.log_pages import count_of, counts_between, page_of
from app.adapters.db.seals.row_seal import blinded, unblinded
from app.adapters.db.seals.sealed_rows import SealedRows, held
from app.adapters.db.tables import corrections, data_keys, events, from_millis, gates, idempotency, sent_pictures
from app.core.errors import NotRecorded
from app.core.events.corrections import TAKEN_BACK, Correction, CorrectionKind
from app.core.events.records import ChainHead, EventFilter, EventRow, Remembered
from app.core.types import Reason, Verdict


class EventRows:
    """Implements `ports.events.Events`. Lists leave the snapshot out: only `get` and `chain` read it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock_head(self, gate_id: str) -> ChainHead:
        row = _HEAD.row(self._connection, {"gate": gate_id})
        if row is None:
            raise NotRecorded("the gate is not in the database, so nothing can be recorded there")
        return ChainHead(gate_id, row["head_sequence"], row["head_hash"])

    def append(self, event: EventRow) -> None:
        columns = {**vars(event), "verdict": event.verdict.value, "reason": event.reason.value}
        del columns["has_snapshot"]
        for name in ("employee_id", "subject_id"):
            columns[name] = blinded(self._connection, columns[name])
        _APPENDED.run(self._connection, columns)
        moved = _MOVED.run(
            self._connection,
            {"gate": event.gate_id, "before": event.sequence - 1, "now": event.sequence, "hash": event.hash},
        )
        if moved != 1:
            raise NotRecorded("the event does not follow the head of its chain")

    def get(self, event_id: str) -> EventRow | None:
        row = self._connection.execute(_ONE, {"event": event_id}).one_or_none()
        return None if row is None else self._event(row)

    def find(self, which: EventFilter) -> list[EventRow]:
        ids = page_of(self._connection, which)
        if not ids:
            return []
        rows = self._connection.execute(_LISTED.where(events.c.id.in_(ids)))
        newest_first = which.after is None
        return sorted((self._event(row) for row in rows), key=lambda event: (event.at, event.id), reverse=newest_first)

    def count(self, which: EventFilter) -> int:
        return count_of(self._connection, which)

    def count_between(self, which: EventFilter, edges: Sequence[datetime]) -> list[int]:
        return counts_between(self._connection, which, edges)

    def after(self, gate_id: str, sequence: int, limit: int) -> list[EventRow]:
        query = _LISTED.where(events.c.gate_id == gate_id, events.c.sequence > sequence).order_by(events.c.sequence)
        return [self._event(row) for row in self._connection.execute(query.limit(limit))]

    def heads(self) -> list[ChainHead]:
        query = select(gates.c.id, gates.c.head_sequence, gates.c.head_hash).order_by(gates.c.name)
        return [ChainHead(*row) for row in self._connection.execute(query)]

    def chain(self, gate_id: str) -> Iterator[EventRow]:
        query = _WHOLE.where(events.c.gate_id == gate_id).order_by(events.c.sequence, events.c.id)
        with self._connection.execute(query, execution_options={"yield_per": 200}) as rows:
            for row in rows:
                yield self._event(row)

    def homeless(self) -> EventRow | None:
        query = _LISTED.where(events.c.gate_id.not_in(select(gates.c.id))).order_by(events.c.gate_id, events.c.sequence)
        row = self._connection.execute(query.limit(1)).one_or_none()
        return None if row is None else self._event(row)

    def unlink(self, employee_id: str) -> int:
        # Sealing locks the key until its commit. Once we have the key, no further event of this person can appear.
        key = select(data_keys.c.subject_id).where(data_keys.c.subject_id == employee_id)
        self._connection.execute(key.with_for_update())
        person = blinded(self._connection, employee_id)
        theirs = _names(person)
        asked = idempotency.c.event_id.in_(select(events.c.id).where(theirs))
        self._connection.execute(delete(idempotency).where(asked))
        return self._connection.execute(
            update(events)
            # What is gone already is not counted again.
            .where(or_(theirs, and_(events.c.id.in_(_attributed(person)), events.c.sealed_payload.is_not(None))))
            .values(employee_id=None, subject_id=None, sealed_payload=None, sealed_snapshot=None)
        ).rowcount

    def _event(self, row: Row[Any]) -> EventRow:
        columns = dict(row._mapping)
        columns["sequence"] = int(row.sequence)
        columns["at"] = from_millis(row.at)
        columns["verdict"] = Verdict(row.verdict)
        columns["reason"] = Reason(row.reason)
        columns["has_snapshot"] = bool(row.has_snapshot)
        for name in ("employee_id", "subject_id"):
            columns[name] = unblinded(self._connection, columns[name])
        return EventRow(**columns)

    def remember(self, gate_id: str, idempotency_key: str, answer: Remembered) -> None:
        self._connection.execute(
            delete(idempotency).where(idempotency.c.gate_id == gate_id, idempotency.c.key == idempotency_key)
        )
        SealedRows(self._connection, idempotency).insert({"gate_id": gate_id, "key": idempotency_key, **vars(answer)})

    def recall(self, gate_id: str, idempotency_key: str) -> Remembered | None:
        row = SealedRows(self._connection, idempotency).one(gate_id=gate_id, key=idempotency_key)
        if row is None:
            return None
        return Remembered(row["event_id"], row["digest"], row["at"], row["boot"], row["uptime_ms"])

    def forget_remembered(self, before: datetime) -> None:
        self._connection.execute(delete(idempotency).where(idempotency.c.at < before))


def events_of(connection: Connection, employee_id: str) -> Select[Any]:
    """Selects the ids of the events that name a person, or were attributed to them later."""
    person = blinded(connection, employee_id)
    return select(events.c.id).where(or_(_names(person), events.c.id.in_(_attributed(person))))


def _names(person: str | None) -> ColumnElement[bool]:
    return or_(events.c.employee_id == person, events.c.subject_id == person)


def _attributed(person: str | None) -> Select[Any]:
    # With a NULL in it, NOT IN holds of nothing. Only an altered row can have one.
    taken_back = select(corrections.c.about).where(
        corrections.c.kind.in_([kind.value for kind in TAKEN_BACK]), corrections.c.about.is_not(None)
    )
    return select(corrections.c.event_id).where(
        corrections.c.employee_id == person,
        corrections.c.kind == CorrectionKind.WAS.value,
        corrections.c.id.not_in(taken_back),
    )


class CorrectionRows:
    """Implements `ports.events.Corrections`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, corrections)

    def add(self, correction: Correction) -> None:
        person = blinded(self._connection, correction.employee_id)
        self._rows.insert({**vars(correction), "kind": correction.kind.value, "employee_id": person})

    def of(self, event_ids: Iterable[str]) -> dict[str, list[Correction]]:
        found: dict[str, list[Correction]] = {}
        query = select(*_SIGNED).where(corrections.c.event_id.in_(list(event_ids))).order_by(corrections.c.id)
        for row in self._connection.execute(query):
            found.setdefault(row.event_id, []).append(self._correction(row))
        return found

    def all(self) -> Iterator[Correction]:
        for row in self._connection.execute(select(*_SIGNED).order_by(corrections.c.id)):
            yield self._correction(row)

    def open(self, limit: int, before: str | None = None) -> list[Correction]:
        query = _open() if before is None else _open().where(corrections.c.id < before)
        rows = self._connection.execute(query.order_by(corrections.c.id.desc()).limit(limit))
        return [self._correction(row) for row in rows]

    def count_open(self, limit: int) -> int:
        count = select(func.count()).select_from(_open().limit(limit).subquery())
        return int(self._connection.execute(count).scalar_one())

    def get(self, correction_id: str) -> Correction | None:
        row = self._connection.execute(select(*_SIGNED).where(corrections.c.id == correction_id)).one_or_none()
        return None if row is None else self._correction(row)

    def forget(self, employee_id: str) -> None:
        person = blinded(self._connection, employee_id)
        empty = {"employee_id": None, "nonce": None, "comment": None}
        self._rows.update(empty, corrections.c.employee_id == person)
        # An altered row does not get a good seal, but its personal part must go all the same.
        self._connection.execute(update(corrections).where(corrections.c.employee_id == person).values(**empty))

    def _correction(self, row: Row[Any]) -> Correction:
        person = unblinded(self._connection, row.employee_id)
        return Correction(**{**row._mapping, "kind": CorrectionKind(row.kind), "employee_id": person})


# Corrections are signed and their readers check that, so the seal is not checked here.
_SIGNED = [column for column in corrections.c if column.name != "seal"]


def _open() -> Select[Any]:
    """The statements that nothing settles, and whose person was not erased."""
    settled = select(corrections.c.about).where(corrections.c.about.is_not(None))
    return select(*_SIGNED).where(
        corrections.c.about.is_(None), corrections.c.employee_id.is_not(None), corrections.c.id.not_in(settled)
    )


class SentPictureRows:
    """Implements `access.picture_digests.SentPictures`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digests: Iterable[str], at: datetime) -> set[str]:
        # In one order, so that two writers of the same digests do not wait for each other.
        new = _if_new(self._connection.dialect.name)
        rows = (new.rows(self._connection, {"digest": digest, "at": at}) for digest in sorted(set(digests)))
        return {row["digest"] for found in rows for row in found}

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(sent_pictures).where(sent_pictures.c.at < before))


# `at` is read raw and converted row by row, so an altered row fails at its own place in the chain and not together with
# its whole batch.
_CLEAR = (
    events.c.id,
    events.c.gate_id,
    events.c.sequence,
    type_coerce(events.c.at, BigInteger).label("at"),
    events.c.verdict,
    events.c.reason,
    events.c.commitment,
    events.c.hash,
    events.c.signature,
    events.c.employee_id,
    events.c.subject_id,
    events.c.sealed_payload,
    events.c.camera,
    events.c.sealed_snapshot.is_not(None).label("has_snapshot"),
)
_WHOLE: Select[Any] = select(*_CLEAR, events.c.sealed_snapshot)
_LISTED: Select[Any] = select(*_CLEAR, null().label("sealed_snapshot"))
_ONE = _WHOLE.where(events.c.id == bindparam("event"))
_HEAD = Fixed(held(select(gates.c.head_sequence, gates.c.head_hash).where(gates.c.id == bindparam("gate"))))
_APPENDED = Fixed(insert(events).values({column.name: bindparam(column.name) for column in events.c}))
_MOVED = Fixed(
    update(gates)
    .where(gates.c.id == bindparam("gate"), gates.c.head_sequence == bindparam("before"))
    .values(head_sequence=bindparam("now"), head_hash=bindparam("hash"))
)


@cache
def _if_new(dialect: str) -> Fixed:
    new = upsert_in(dialect, sent_pictures).values(digest=bindparam("digest"), at=bindparam("at"))
    return Fixed(new.on_conflict_do_nothing().returning(sent_pictures.c.digest))
