"""Imports of people: the progress of each, and its result for each row."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

imports = Table(
    "imports",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("state", String, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("rows", Integer),
    Column("photos", Integer),
    Column("done", Integer, nullable=False),
    Column("done_photos", Integer, nullable=False),
    Column("done_before", Integer, nullable=False),
    Column("encoding", String),
    Column("attempts", Integer, nullable=False),
    Column("told", LargeBinary),  # notices about the files, sealed like the rows
    Column("counts", JSON),
)

# How a person mapped the columns below a header, for the next file with the same one.
import_mappings = Table(
    "import_mappings",
    metadata,
    Column("fingerprint", KEY, primary_key=True),
    Column("mapping", LargeBinary, nullable=False),
    Column("actor", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

# A person's data goes with the person: the row by its key, the rest because it is sealed under the import's key.
import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", KEY, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("outcome", String, nullable=False),
    Column("problems", Integer, nullable=False),
    Column("photos", Integer, nullable=False),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("recognisable", Boolean),  # NULL in refused rows, and in reports of earlier versions
    Column("picture", LargeBinary),  # the refused photo of somebody who cannot be recognised, sealed like the row
)
