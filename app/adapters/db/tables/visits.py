"""Who comes to visit whom, and when."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

# sealed: company, reason and the link's token, under the visitor's key. The host may be erased before the visit is.
visits = Table(
    "visits",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("host_id", KEY, nullable=False),
    Column("link_hash", KEY, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("credential_id", KEY, nullable=False),
    Column("grant_id", KEY, nullable=False),
    Column("starts_at", Instant, nullable=False, index=True),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("arrived_at", Instant),
    Column("left_at", Instant),
    Column("left_by", String),
    Column("cancelled_at", Instant),
    Column("cancelled_by", String),
    Column("pass_mail", String, nullable=False),
    Column("host_mail", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Instant),
)
