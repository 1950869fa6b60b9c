"""Who is enrolled: employees, their photos, templates and keys, and who was erased."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.adapters.db.tables.base import KEY, Day, Instant, metadata

# One row with id 1. The migration inserts it, so there is always a row to lock.
gallery = Table(
    "gallery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)

# Only the newest change of each employee, so the feed does not grow with every re-enrolment.
gallery_changes = Table(
    "gallery_changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("employee_id", KEY, nullable=False),
    UniqueConstraint("employee_id"),
)

data_keys = Table(
    "subject_keys",
    metadata,
    Column("subject_id", KEY, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

employees = Table(
    "employees",
    metadata,
    Column("id", KEY, primary_key=True),
    # Number, name, email and card, sealed under the person's own key. Keyed digests find them.
    Column("sealed_person", LargeBinary),
    Column("number_digest", KEY, unique=True),
    Column("card_digest", KEY, unique=True),
    Column("status", String, nullable=False),
    Column("valid_from", Day),
    Column("valid_until", Day),
    Column("groups", JSON, nullable=False),
    Column("legal_basis", Text),
    Column("consent_at", Day),
    Column("created_at", Instant),
    # The reason lies sealed with the name. Without an end, until somebody lifts it.
    Column("blocked_at", Instant),
    Column("blocked_until", Instant),
    Column("inactive_since", Instant),  # NULL in rows that an older version deactivated, until retention finds them
    Column("kind", String),  # NULL for an employee
    # Of a contractor. The company lies sealed with the name.
    Column("sponsor_id", KEY),
    Column("sponsor_confirmed_at", Instant),
    Column("documents_until", Day),
)

photos = Table(
    "photos",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed_image", LargeBinary, nullable=False),
    Column("sealed_embedding", LargeBinary, nullable=False),
    Column("media_type", String, nullable=False),
    Column("quality", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("digest", LargeBinary),
)

templates = Table(
    "templates",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("pack_digest", String, nullable=False),
    Column("precision", String, nullable=False),
)

# A move to another pack prepares these beside `templates`. Its switch moves them there.
next_templates = Table(
    "next_templates",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("pack_digest", String, nullable=False),
    Column("precision", String, nullable=False),
    Column("of_photos", Integer, nullable=False),
)

# Embeddings of the photos that existed at a move; later photos have theirs in `photos`. A table of its own, because
# changing a row of `photos` rewrites its picture.
embeddings = Table(
    "embeddings",
    metadata,
    Column("photo_id", KEY, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column("pack_digest", String, primary_key=True),
    Column("precision", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, nullable=False, index=True),
    Column("erased_at", Instant, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("templates", Integer, nullable=False),
    Column("events_unlinked", Integer, nullable=False),
    Column("signature", String, nullable=False),
)

# Receipts of what retention removed: one for each kind and day, which grows.
removals = Table(
    "removals",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("kind", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("before", Instant, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("signature", String, nullable=False),
)

# What people agreed to. A withdrawn one is kept, until its person is erased.
consents = Table(
    "consents",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("given_on", Day, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("how", String, nullable=False),
    Column("actor", KEY),
    Column("text", Text),
    Column("language", String),
    Column("withdrawn_at", Instant),
    Column("withdrawn_how", String),
    Column("withdrawn_by", KEY),
    Column("erased_photos", Integer),
)

# A link by which a person enrols themselves. The token is known to nobody but them.
invitations = Table(
    "invitations",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("hash", KEY, nullable=False, unique=True),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("consent", Text),
    Column("consented_at", Instant),
    Column("answered_at", Instant),
)

# Certificates of erasure, kept after the person is gone. document: JSON with its signature; NULL during the search.
certificates = Table(
    "certificates",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, nullable=False, index=True),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("scope", String, nullable=False),
    Column("document", Text),
)

# Who asked to be enrolled by their badge, and the pictures from gates until an admin accepts or rejects them.
gatherings = Table(
    "gatherings",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("actor", KEY),
)

gate_faces = Table(
    "gate_faces",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("event_id", KEY, nullable=False),
    Column("gate_id", KEY, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("sealed_image", LargeBinary, nullable=False),
    Column("sealed_embedding", LargeBinary, nullable=False),
    Column("quality", Float, nullable=False),
)
