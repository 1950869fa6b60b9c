"""Two single rows: the heartbeat, which shows that the database accepts writes, and what is known of the clock."""

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import clock, events, heartbeat
from app.core.site.mode import ClockFacts

ALTERED = "what is known of the clock was altered in the database"


class HeartbeatRow:
    """Implements `ports.gates.Heartbeats`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, at: datetime | None, ballast: bytes) -> None:
        row = upsert(self._connection, heartbeat).values(id=1, at=at, ballast=ballast)
        changed = {"ballast": row.excluded.ballast} | ({"at": row.excluded.at} if at is not None else {})
        self._connection.execute(row.on_conflict_do_update(index_elements=[heartbeat.c.id], set_=changed))

    def last(self) -> datetime | None:
        return self._connection.execute(select(heartbeat.c.at)).scalar()


class ClockRow:
    """Implements `ports.gates.Clocks`. shared: the server's clock is the one to go by."""

    def __init__(self, connection: Connection, shared: bool) -> None:
        self._connection = connection
        self._shared = shared

    def now(self) -> datetime | None:
        if not self._shared:
            return None
        found = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC) if isinstance(found, datetime) else None

    def newest_event(self) -> datetime | None:
        query = select(events.c.at).order_by(events.c.at.desc(), events.c.id.desc()).limit(1)
        return self._connection.execute(query).scalar()

    def get(self) -> ClockFacts:
        rows = SealedRows(self._connection, clock)
        row = rows.one(id=1)
        if row is not None:
            del row["id"]
            return ClockFacts(**row)
        there = self._connection.execute(select(clock.c.id)).scalar() is not None
        return ClockFacts(ALTERED) if there else ClockFacts()

    def put(self, facts: ClockFacts) -> None:
        SealedRows(self._connection, clock).put({"id": 1, **vars(facts)})
