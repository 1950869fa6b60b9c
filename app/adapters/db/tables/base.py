"""What every table shares: how times, keys and the names of constraints are stored.

Times are whole milliseconds since 1970 in UTC, because that is exact, sorts, and is the same in both databases. A day
is its ISO text, which sorts too: it has no time zone until a gate compares it with its own clock.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, MetaData, String, TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(at: datetime) -> int:
    """Milliseconds since the epoch, rounded down. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time needs a zone: use UTC")
    return (at - EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


class Instant(TypeDecorator[datetime]):
    """A time, stored as BIGINT milliseconds. Raises ValueError (inside SQLAlchemy's StatementError) when naive."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_millis(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


def day_text(day: date) -> str:
    """Formats a day as 2026-11-23. Raises ValueError for a time, whose day depends on a time zone."""
    if isinstance(day, datetime):
        raise ValueError("a time is not a day")
    return day.isoformat()


class Day(TypeDecorator[date]):
    """A date without a time, stored as its ISO text. Raises ValueError (inside StatementError) for a time."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else day_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


# Both databases compare bytes: PostgreSQL's default collation would sort and page differently from SQLite.
KEY = String().with_variant(String(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
