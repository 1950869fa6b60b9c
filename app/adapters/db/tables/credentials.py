"""What people present instead of their face, and with it."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

# digest: keyed, of the kind and what is presented: it finds the holder. sealed: the same under the person's key.
credentials = Table(
    "credentials",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("digest", KEY, nullable=False, unique=True),
    Column("card_format", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Of a QR pass alone.
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("once", Boolean),
    Column("places", String),
    Column("used_by", KEY, index=True),
    Column("used_at", Instant),
)

# The last badge at a gate that nobody has, or that awaits its holder's face: for moments, and one a gate. Its bits are
# sealed under a key of the installation and bound to the gate.
badge_reads = Table(
    "badge_reads",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("credential_id", KEY, ForeignKey("credentials.id", ondelete="CASCADE"), index=True),
)

# The person whose PIN a gate waits for: for moments, and one a gate. What is known of them is sealed as above.
pin_waits = Table(
    "pin_waits",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

# Wrong tries of a PIN at a gate since the last right one: they lock it there.
pin_tries = Table(
    "pin_tries",
    metadata,
    Column("credential_id", KEY, ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
)
