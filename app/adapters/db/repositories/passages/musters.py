"""Rows of roll calls and of who was seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import muster_ticks, musters
from app.core.access.passages.muster import Muster, Tick

# Any constant that only we use in the database: "MUST". No row may be there to lock.
_ADVISORY_LOCK = 0x4D555354


class MusterRows:
    """Implements `ports.access.Musters`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, musters)
        self._ticks = SealedRows(connection, muster_ticks)

    def newest(self, *, for_update: bool = False) -> Muster | None:
        query = select(musters).order_by(musters.c.id.desc()).limit(1)
        if for_update:
            if self._connection.dialect.name == "postgresql":
                self._connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            query = query.with_for_update(key_share=True)
        return next((_muster(row) for row in self._rows.find(query)), None)

    def start(self, muster: Muster) -> None:
        self._rows.insert(vars(muster))

    def end(self, muster_id: str, at: datetime, actor: str | None) -> bool:
        self._ticks.delete()  # nobody asks for the ticks of a roll call that is over
        changes = {"ended_at": at, "ended_by": actor}
        return self._rows.update(changes, musters.c.id == muster_id, musters.c.ended_at.is_(None)) == 1

    def tick(self, muster_id: str, tick: Tick) -> bool:
        columns = {"muster_id": muster_id, "employee_id": tick.person_id, "at": tick.at, "actor": tick.actor}
        new = upsert(self._connection, muster_ticks).values(**self._ticks.sealed(columns))
        added = new.on_conflict_do_nothing().returning(muster_ticks.c.employee_id)
        return self._connection.execute(added).one_or_none() is not None

    def untick(self, muster_id: str, person_id: str) -> bool:
        where = muster_ticks.c.muster_id == muster_id, muster_ticks.c.employee_id == person_id
        return self._ticks.delete(*where) == 1

    def ticks(self, muster_id: str) -> dict[str, Tick]:
        rows = self._ticks.find(select(muster_ticks).where(muster_ticks.c.muster_id == muster_id))
        return {row["employee_id"]: Tick(row["employee_id"], row["at"], row["actor"]) for row in rows}


def _muster(row: Mapping[str, Any]) -> Muster:
    return Muster(**row)
