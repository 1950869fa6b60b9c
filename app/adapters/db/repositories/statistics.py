"""Rows of statistics: counts in buckets, and counts of events."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache

from sqlalchemy import BigInteger, Connection, Executable, bindparam, func, literal, select, type_coerce, union_all

from app.adapters.db.engine.connect import upsert_in
from app.adapters.db.fixed import Fixed
from app.adapters.db.seals.row_seal import blinded, unblinded
from app.adapters.db.tables import corrections, events, from_millis, histograms
from app.core.events.corrections import CorrectionKind
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
            _added(self._connection.dialect.name).run_each(self._connection, rows)

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
def _added(dialect: str) -> Fixed:
    new = upsert_in(dialect, histograms).values({column.name: bindparam(column.name) for column in histograms.c})
    total = histograms.c["count"] + new.excluded["count"]
    key = list(histograms.primary_key.columns)
    return Fixed(new.on_conflict_do_update(index_elements=key, set_={"count": total}))


class CountRows:
    """Implements `ports.events.Counts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_reason(self, since: datetime, until: datetime) -> dict[Reason, int]:
        counted = self._connection.execute(_counts(), {"since": since, "until": until})
        return {Reason(reason): n for reason, n in counted if n}

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

    def by_camera(
        self, cameras: Iterable[str], reasons: Iterable[Reason], since: datetime
    ) -> dict[tuple[str, Reason], int]:
        query = (
            select(events.c.camera, events.c.reason, func.count())
            .where(
                events.c.camera.in_(list(cameras)),
                events.c.reason.in_([reason.value for reason in reasons]),
                events.c.at >= since,
            )
            .group_by(events.c.camera, events.c.reason)
        )
        return {(camera, Reason(reason)): n for camera, reason, n in self._connection.execute(query)}

    def by_employee(self, reasons: Iterable[Reason], since: datetime, limit: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for reason in reasons:
            newest = (
                select(events.c.employee_id)
                .where(events.c.reason == reason.value, events.c.at >= since, events.c.employee_id.is_not(None))
                .order_by(events.c.at.desc(), events.c.id.desc())
                .limit(limit)
            )
            found.update(self._connection.execute(newest).scalars())
        return {str(unblinded(self._connection, employee)): n for employee, n in found.items()}

    def of_employees(self, employee_ids: Iterable[str], reason: Reason, since: datetime) -> dict[str, int]:
        stored = {blinded(self._connection, employee): employee for employee in employee_ids}
        query = (
            select(events.c.employee_id, func.count())
            .where(events.c.employee_id.in_(stored), events.c.reason == reason.value, events.c.at >= since)
            .group_by(events.c.employee_id)
        )
        return {stored[employee]: n for employee, n in self._connection.execute(query)}

    def corrections(self, since: datetime) -> dict[CorrectionKind, int]:
        query = select(corrections.c.kind, func.count()).where(corrections.c.at >= since).group_by(corrections.c.kind)
        return {CorrectionKind(kind): n for kind, n in self._connection.execute(query)}


@cache
def _counts() -> Executable:
    """One query per reason, as in `hourly`, in one statement: 31,000 of a million events take 4 ms; grouped, 16 ms."""
    since, until = bindparam("since", type_=events.c.at.type), bindparam("until", type_=events.c.at.type)
    return union_all(
        *(
            select(literal(reason.value), func.count()).where(
                events.c.reason == reason.value, events.c.at >= since, events.c.at < until
            )
            for reason in Reason
        )
    )
