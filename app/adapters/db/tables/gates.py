"""Gates, their doors, and openings on their way to the process that drives them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
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
    Column("unlock_ms", Integer, nullable=False),
    Column("created_at", Instant),
    Column("head_sequence", BigInteger, nullable=False),
    Column("head_hash", String, nullable=False),
    Column("driver", String, nullable=False, server_default="dry_run"),
    Column("sealed_config", LargeBinary),
    Column("fail_mode", String, nullable=False, server_default="secure"),
    Column("door_held_after_ms", Integer, nullable=False, server_default="15000"),
    Column("liveness", String, nullable=False, server_default="auto"),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Column("passages", String),  # NULL: assumed
    Column("badge_format", String),  # NULL: raw
    UniqueConstraint("name"),
)


# Not in `gates`, whose rows decisions lock.
doors = Table(
    "doors",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String, nullable=False),
    Column("at", Instant, nullable=False),
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
