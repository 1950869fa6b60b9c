"""What happened: the events of every gate, what the gates did, what was asked twice."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

# employee_id and subject_id are not foreign keys: an event outlives its employee and its key.
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
    Column("camera", KEY),
    UniqueConstraint("gate_id", "sequence"),
    Index(None, "subject_id"),
    # Whatever the filter, a page of the log is the end of one of these: see `log_pages`.
    Index(None, "at", "id"),
    Index(None, "gate_id", "at", "id"),
    Index(None, "employee_id", "at", "id"),
    Index(None, "reason", "at", "id"),
    Index(None, "gate_id", "reason", "at", "id"),
    Index(None, "camera", "reason", "at", "id", "gate_id"),
)

# Corrections of events. No foreign key to the employee, whose erasure empties the personal part.
corrections = Table(
    "corrections",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("event_id", KEY, ForeignKey("events.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", KEY, nullable=False),
    Column("kind", String, nullable=False),
    Column("commitment", String, nullable=False),
    Column("signature", String, nullable=False),
    Column("employee_id", KEY, index=True),
    Column("nonce", String),
    Column("about", KEY, unique=True, index=True),  # a statement is settled once
    Column("comment", Text),
)

# How often a figure fell into a bucket on a day: statistics without anybody's passages.
histograms = Table(
    "histograms",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("kind", KEY, primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
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
    Column("boot", String),
    Column("uptime_ms", BigInteger),
)

# Of each picture that a gate sent, so that the same one again is told apart.
sent_pictures = Table(
    "sent_pictures",
    metadata,
    Column("digest", KEY, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)
