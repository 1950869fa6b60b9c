"""Rows of statistics: counts in buckets, and counts of events."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache

from sqlalchemy import BigInteger, Connection, Executable, func, select, type_coerce

from app.adapters.db.engine.connect import upsert_in
from app.adapters.db.tables import events, from_millis, histograms
from app.core.events.histograms import Bucket, Figure
from app.core.types import Reason

_FIRST = date(1970, 1, 1)
_HOUR_MS = 3_600_000


class HistogramRows:
    """Implements `ports.events.Histograms`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Iterable[Bucket]) -> None:
        rows = [{**vars(t), "day": (t.day - _FIRST).days, "kind": t.kind.value} for t in new]
        if rows:
            self._connection.execute(_added(self._connection.dialect.name), rows)

    def between(self, since: date, until: date) -> list[Bucket]:
        total = func.sum(histograms.c["count"])
        query = (
            select(histograms.c.kind, histograms.c.bucket, total)
            .where(histograms.c.day >= (since - _FIRST).days, histograms.c.day <= (until - _FIRST).days)
            .group_by(histograms.c.kind, histograms.c.bucket)
            .order_by(histograms.c.kind, histograms.c.bucket)
        )
        return [Bucket("", since, Figure(kind), bucket, int(n)) for kind, bucket, n in self._connection.execute(query)]


@cache
def _added(dialect: str) -> Executable:
    new = upsert_in(dialect, histograms)
    total = histograms.c["count"] + new.excluded["count"]
    return new.on_conflict_do_update(index_elements=list(histograms.primary_key.columns), set_={"count": total})


class CountRows:
    """Implements `ports.events.Counts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hourly(self, since: datetime, until: datetime) -> list[tuple[datetime, Reason, int]]:
        found: list[tuple[datetime, Reason, int]] = []
        for reason in Reason:
            # One query per reason: each reads one range of an index.
            start = type_coerce(events.c.at, BigInteger)
            hour = (start - start % _HOUR_MS).label("hour")
            query = (
                select(hour, func.count())
                .where(events.c.reason == reason.value, events.c.at >= since, events.c.at < until)
                .group_by(hour)
            )
            found += [(from_millis(at), reason, n) for at, n in self._connection.execute(query)]
        return sorted(found)
