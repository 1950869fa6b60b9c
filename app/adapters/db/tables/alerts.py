"""What somebody must look at."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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
    # TRUE from each change until the receivers were looked at, then NULL, as in rows from before there were any.
    Column("unsent", Boolean),
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

UNSENT = alerts.c.unsent.is_not(None)
Index("ix_alerts_unsent", alerts.c.id, sqlite_where=UNSENT, postgresql_where=UNSENT)

# sealed_target: address, user and secret, under the site's key.
receivers = Table(
    "receivers",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", KEY, nullable=False, unique=True),
    Column("form", String, nullable=False),
    Column("sealed_target", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("kinds", JSON, nullable=False),
    Column("least", String, nullable=False),
    Column("quiet_schedule_id", KEY),
    Column("critical_always", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("with_names", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
)

# What goes out is made of the alert when it is sent, so no row names a person. No foreign key to the alert, which may
# be removed first.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("receiver_id", KEY, ForeignKey("receivers.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("change", String, nullable=False),
    Column("alert_id", KEY, index=True),
    Column("created_at", Instant, nullable=False),
    Column("message_id", KEY, nullable=False),
    Column("state", String, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("held_until", Instant),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Instant),
    Column("next_try_at", Instant),
    Column("settled_at", Instant, index=True),
    Column("answer", Text, nullable=False),
)

Index("ix_deliveries_place", deliveries.c.receiver_id, deliveries.c.place, unique=True)

WAITING = deliveries.c.settled_at.is_(None)
Index(
    "ix_deliveries_waiting",
    deliveries.c.receiver_id,
    deliveries.c.place,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
