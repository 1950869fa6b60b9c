"""The cameras."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

cameras = Table(
    "cameras",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", KEY, nullable=False),
    Column("gate_id", KEY, ForeignKey("gates.id"), nullable=False, index=True),
    Column("sealed_url", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("region", JSON, nullable=False),
    Column("created_at", Instant),
    UniqueConstraint("name"),
)
