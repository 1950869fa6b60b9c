"""The tables, once: what the queries and the migrations are both checked against.

Times are whole milliseconds since 1970 in UTC, because that is exact, sorts, and is the same in both databases.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(at: datetime) -> int:
    """Milliseconds since the epoch, rounded down. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone is not a time: use UTC")
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


# Compared byte by byte in both databases: PostgreSQL's default collation would sort and page differently from SQLite.
KEY = String().with_variant(String(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# One row, id 1, written at the first start.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("pack_digest", String, nullable=False),
    Column("precision", String, nullable=False),
    Column("key_check", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# One row, id 1, inserted by the migration so that there is always a row to lock.
gallery = Table(
    "gallery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)

# The newest change of each employee only, so the feed does not grow with every re-enrolment.
gallery_changes = Table(
    "gallery_changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("employee_id", KEY, nullable=False),
    UniqueConstraint("employee_id"),
)

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("subject_id", KEY, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

employees = Table(
    "employees",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("number", KEY, nullable=False),
    Column("name", Text, nullable=False),
    # SQLite's LIKE and lower() know only ASCII; folding here makes a search for "ÉVA" find "Éva" in both databases.
    Column("name_folded", Text, nullable=False),
    Column("email", String),
    Column("status", String, nullable=False),
    Column("valid_from", Instant),
    Column("valid_until", Instant),
    Column("groups", JSON, nullable=False),
    Column("legal_basis", Text),
    Column("consent_at", Instant),
    Column("created_at", Instant),
    Column("card_number", KEY),
    UniqueConstraint("number"),
    Index(None, "card_number", unique=True),
)

photos = Table(
    "photos",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed_image", LargeBinary, nullable=False),
    Column("sealed_embedding", LargeBinary, nullable=False),
    Column("media_type", String, nullable=False),
    Column("quality", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("pack_digest", String, nullable=False),
    Column("precision", String, nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", KEY, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("open_ms", Integer, nullable=False),
    Column("created_at", Instant),
    Column("head_sequence", BigInteger, nullable=False),
    Column("head_hash", String, nullable=False),
    Column("driver", String, nullable=False, server_default="dry_run"),
    Column("sealed_config", LargeBinary),
    Column("fail_mode", String, nullable=False, server_default="secure"),
    Column("held_after_ms", Integer, nullable=False, server_default="15000"),
    UniqueConstraint("name"),
)

# Apart from `gates`, whose rows decisions lock.
doors = Table(
    "doors",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String, nullable=False),
    Column("at", Instant, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", KEY, nullable=False),
    Column("gate_id", KEY, ForeignKey("gates.id"), nullable=False, index=True),
    Column("sealed_url", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("zone", JSON, nullable=False),
    Column("created_at", Instant),
    UniqueConstraint("name"),
)

leases = Table(
    "leases",
    metadata,
    Column("camera_id", KEY, ForeignKey("cameras.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", KEY, nullable=False),
    Column("until", Instant, nullable=False),
)

# No foreign keys: an alert outlives its camera. "" is no gate or no camera, since to an index no NULL equals another.
alerts = Table(
    "alerts",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("gate_id", KEY, nullable=False),
    Column("camera_id", KEY, nullable=False),
    Column("detail", Text, nullable=False),
    Column("cleared_at", Instant),
)
UNCLEARED = alerts.c.cleared_at.is_(None)
Index(
    "ix_alerts_uncleared",
    alerts.c.kind,
    alerts.c.gate_id,
    alerts.c.camera_id,
    unique=True,
    sqlite_where=UNCLEARED,
    postgresql_where=UNCLEARED,
)

# One row, id 1, from the first lockdown or release on.
site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mode", String, nullable=False),
    Column("since", Instant),
    Column("key_id", KEY),
    Column("gates", JSON, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("role", String, nullable=False),
    Column("hash", KEY, nullable=False),
    Column("name", Text, nullable=False),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE")),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    UniqueConstraint("hash"),
)

# employee_id and subject_id are no foreign keys: an event outlives its employee and its key.
events = Table(
    "events",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("commitment", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("signature", String, nullable=False),
    Column("employee_id", KEY),
    Column("subject_id", KEY),
    Column("sealed_payload", LargeBinary),
    Column("sealed_snapshot", LargeBinary),
    UniqueConstraint("gate_id", "sequence"),
    Index(None, "gate_id", "id"),
    Index(None, "employee_id", "id"),
    Index(None, "subject_id"),
    Index(None, "at"),
)

gate_results = Table(
    "gate_results",
    metadata,
    Column("event_id", KEY, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("outcome", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("signature", String, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("key", KEY, primary_key=True),
    Column("digest", String, nullable=False),
    Column("event_id", KEY, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, nullable=False, index=True),
    Column("erased_at", Instant, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("templates", Integer, nullable=False),
    Column("events_unlinked", Integer, nullable=False),
    Column("signature", String, nullable=False),
)
