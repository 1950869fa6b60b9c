"""The site: gates and doors, cameras, who drives what, alerts, the mode, API keys."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

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
    Column("liveness", String, nullable=False, server_default="auto"),
    Column("locked", Boolean, nullable=False, server_default=false()),
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

# Who watches and drives which gate, and who could.
leases = Table(
    "leases",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", KEY, nullable=False),
    Column("until", Instant, nullable=False),
)

watchers = Table(
    "watchers",
    metadata,
    Column("holder", KEY, primary_key=True),
    Column("gates", JSON, nullable=False),
    Column("until", Instant, nullable=False),
)

# Openings on their way to the process that drives the gate.
orders = Table(
    "orders",
    metadata,
    Column("event_id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("employee_id", KEY),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

# What one process wants to know of a camera that another watches. event_id: of the answer, which needs no key of its
# own here: events are never deleted.
questions = Table(
    "questions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("idempotency_key", KEY),
    Column("event_id", KEY),
)
# Looked at ten times a second, beside what was answered within the last minute.
UNANSWERED = questions.c.event_id.is_(None)
Index(
    "ix_questions_unanswered",
    questions.c.gate_id,
    sqlite_where=UNANSWERED,
    postgresql_where=UNANSWERED,
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

# One row each, id 1.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant),
    Column("ballast", LargeBinary, nullable=False),
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("doubt", Text),
    Column("doubted_at", Instant),
    Column("covers", Instant),
    Column("confirmed_at", Instant),
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
