"""Who may call and who signs in: keys, users, sessions."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.adapters.db.tables.base import KEY, Instant, metadata

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
    Column("directory_id", KEY),  # its keys are revoked before a directory goes, and stay in the record
    UniqueConstraint("hash"),
)


# When each key was last used. A table of its own, because a use must not lock the key.
key_uses = Table(
    "key_uses",
    metadata,
    Column("key_id", KEY, primary_key=True),
    Column("at", Instant, nullable=False),
)


users = Table(
    "users",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", KEY, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password", String),
    Column("created_at", Instant, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("subject", KEY),
    Column("language", String),
    UniqueConstraint("name_folded"),
    UniqueConstraint("subject"),
)


sessions = Table(
    "sessions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("hash", KEY, nullable=False),
    Column("user_id", KEY, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("address", String, nullable=False),
    Column("agent", Text, nullable=False),
    UniqueConstraint("hash"),
)


# Name and filters are sealed together; whoever could change them would show a user another list, and nothing else.
saved_views = Table(
    "saved_views",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("user_id", KEY, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)


tickets = Table(
    "tickets",
    metadata,
    Column("hash", KEY, primary_key=True),
    Column("kind", String, nullable=False),
    Column("user_id", KEY, ForeignKey("users.id", ondelete="CASCADE"), index=True),
    Column("ends_at", Instant, nullable=False),
)


tallies = Table(
    "tallies",
    metadata,
    Column("bucket", KEY, primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)


# user_id is not a foreign key: the log outlives its users.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("user_id", KEY, index=True),
    Column("name", Text, nullable=False),
    Column("address", String, nullable=False),
    Column("method", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)


# One row with id 1, or none. roles: maps the provider's groups to our roles.
provider = Table(
    "provider",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("claim", String, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("label", Text, nullable=False),
)
