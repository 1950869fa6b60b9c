"""The site: gates and doors, cameras, who drives what, alerts, the mode, API keys."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

# Which process drives which gate, and which processes could.
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


# What one process asks about a camera that another watches. event_id: the answer, without a foreign key, since events
# are never deleted.
remote_polls = Table(
    "questions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("idempotency_key", KEY),
    Column("event_id", KEY),
)
# Read ten times a second, beside the answers of the last minute.
UNANSWERED = remote_polls.c.event_id.is_(None)
Index(
    "ix_questions_unanswered",
    remote_polls.c.gate_id,
    sqlite_where=UNANSWERED,
    postgresql_where=UNANSWERED,
)


# One row with id 1, from the first lockdown or release on.
site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mode", String, nullable=False),
    Column("since", Instant),
    Column("actor", KEY),
    Column("gates", JSON, nullable=False),
    Column("comment", Text),
    Column("zones", JSON(none_as_null=True)),
)

# One row with id 1, from the first change on.
site_settings = Table(
    "site_settings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("guard_grant_max_hours", Integer),
    Column("guards_may_lock_down", Boolean),  # NULL: no
    Column("backup_folder", Text),
    Column("backups_kept", Integer),
    Column("false_accept_rate", Float),  # NULL: as the service was started with
    Column("first_hour_over", Boolean),  # NULL: no
    Column("unknown_faces", Boolean),  # NULL: no
    Column("consent_text", Text),  # NULL: the text that comes with the program
    Column("language", String),  # NULL: English
    Column("consent_required", Boolean),  # NULL: no
    Column("enrol_by_badge", Boolean),  # NULL: no
    Column("kept_hours", JSON(none_as_null=True)),  # NULL: the usual periods
)

# What became of each backup. Nothing acts on it.
backups = Table(
    "backups",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("place", Text, nullable=False),
    Column("bytes", BigInteger),
    Column("with_key", Boolean, nullable=False),
    Column("is_scheduled", Boolean, nullable=False),
    Column("problem", Text),
)

# One row each, with id 1.
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


# One row with id 1, written at the first start.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("pack_digest", String, nullable=False),
    Column("precision", String, nullable=False),
    Column("key_check", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)
