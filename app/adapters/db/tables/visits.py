"""People of other companies: who comes to visit whom, and what contractors have to show."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.adapters.db.tables.base import KEY, Day, Instant, metadata

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

# sealed: kind and the end of the number, under the contractor's key.
documents = Table(
    "documents",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_on", Day, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("actor", KEY),
)

# The newest reminder of each contractor. confirmed_at: of the contract that it is about; after another confirmation its
# link confirms nothing.
sponsor_reminders = Table(
    "sponsor_reminders",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("confirmed_at", Instant, nullable=False),
    Column("link_hash", KEY, nullable=False, unique=True),
    Column("mail", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Instant),
)
