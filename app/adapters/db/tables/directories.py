"""Directories that send people and groups, and what they sent."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

directories = Table(
    "directories",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", KEY, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
)

# user_digest, external_digest: keyed, of the directory and the name by which it knows somebody. sealed: all that it
# sent, under the person's key.
directory_people = Table(
    "directory_people",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("directory_id", KEY, ForeignKey("directories.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_digest", KEY, nullable=False, unique=True),
    Column("external_digest", KEY, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("held", String),
    Column("held_at", Instant),
)

directory_groups = Table(
    "directory_groups",
    metadata,
    Column("group_id", KEY, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("directory_id", KEY, ForeignKey("directories.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("external_id", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# Figures for the page, written with every request of a directory; nothing acts by them but the brake on mass leaving.
directory_runs = Table(
    "directory_runs",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("directory_id", KEY, ForeignKey("directories.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("ignored", JSON, nullable=False),
)
