"""What somebody must look at."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    String,
    Table,
    Text,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

# No foreign keys: an alert outlives its camera. "" means no gate or camera, since NULLs never collide in an index.
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
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", KEY),
    Column("acknowledged_comment", Text),
    # TRUE until somebody acknowledges it, then NULL. Also NULL in rows of versions whose alerts ended with their cause.
    Column("awaiting", Boolean),
    # The event that it is about. Somebody reports it once: `actor`.
    Column("event_id", KEY),
    Column("actor", KEY),
)

Index("ix_alerts_event_id", alerts.c.event_id, alerts.c.kind, unique=True)

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


AWAITING = alerts.c.awaiting.is_not(None)
Index("ix_alerts_awaiting", alerts.c.id, sqlite_where=AWAITING, postgresql_where=AWAITING)
