"""Which tables carry seals, and what a seal covers. README.md in this folder's parent says why.

A row of these tables acts: it opens a gate, grants or removes rights, or explains a record. Each has a column `seal`, a
MAC over the table's name and every column but those named here. For the counted tables the database also keeps a sealed
total, which reveals a row that was removed or replaced with an older version.
"""

from sqlalchemy import Column, LargeBinary, Table

from app.adapters.db.tables.access import RULE_TABLES
from app.adapters.db.tables.accounts import api_keys, provider, sessions, sign_ins, tickets, users
from app.adapters.db.tables.alerts import alerts, deliveries, receivers
from app.adapters.db.tables.base import KEY, metadata
from app.adapters.db.tables.cameras import cameras
from app.adapters.db.tables.credentials import credentials, pin_tries
from app.adapters.db.tables.directories import directories, directory_groups, directory_people
from app.adapters.db.tables.events import corrections, gate_results, idempotency
from app.adapters.db.tables.gates import gates, orders
from app.adapters.db.tables.imports import import_mappings, imports
from app.adapters.db.tables.passages import PASSAGE_TABLES
from app.adapters.db.tables.people import (
    certificates,
    consents,
    data_keys,
    embeddings,
    employees,
    erasures,
    gate_faces,
    gatherings,
    invitations,
    next_templates,
    photos,
    removals,
    templates,
)
from app.adapters.db.tables.site import clock, installation, remote_polls, site, site_settings
from app.adapters.db.tables.trail import trail
from app.adapters.db.tables.visits import documents, sponsor_reminders, visits

# The chain itself checks the head of a gate's chain. The progress of an import has no effect.
UNCOVERED: dict[Table, frozenset[str]] = {
    gates: frozenset({"head_sequence", "head_hash"}),
    imports: frozenset(
        {
            "started_at",
            "ended_at",
            "rows",
            "photos",
            "done",
            "done_photos",
            "done_before",
            "attempts",
            "told",
            "counts",
        }
    ),
}

# Former names of columns. A row sealed under one keeps a good seal, and gets a new one at its next write.
FORMER_NAMES: dict[Table, dict[str, str]] = {
    gates: {"unlock_ms": "open_ms", "door_held_after_ms": "held_after_ms"},
    cameras: {"region": "zone"},
    corrections: {"actor": "by"},
    imports: {"actor": "by"},
    site: {"actor": "key_id"},
}

# Short-lived and written at every opening. Their seals are checked, and a row put back late has expired. The clock's
# row is rebuilt if it is gone. Gates that let people into one zone must not wait for each other's total. What waits to
# be sent is on the page of alerts, whatever becomes of its delivery.
PASSING = (orders, remote_polls, idempotency, clock, deliveries, *PASSAGE_TABLES)

# What is deleted with a row of another table goes in this order, which keeps to the order of locks in README.md.
COUNTED = (
    alerts,
    api_keys,
    cameras,
    corrections,
    embeddings,
    employees,
    erasures,
    gate_results,
    gates,
    import_mappings,
    imports,
    installation,
    next_templates,
    photos,
    provider,
    sessions,
    sign_ins,
    site,
    site_settings,
    data_keys,
    templates,
    gate_faces,
    gatherings,
    consents,
    invitations,
    credentials,
    pin_tries,
    directory_people,
    directory_groups,
    directories,
    visits,
    documents,
    sponsor_reminders,
    tickets,
    users,
    removals,
    certificates,
    receivers,
    trail,
    *RULE_TABLES,
)

SEALED = (*PASSING, *COUNTED)

for _table in SEALED:
    _table.append_column(Column("seal", LargeBinary))

# The total of each counted table, encrypted; and under "" the mark that this database's rows were sealed once.
seal_totals = Table(
    "seal_totals",
    metadata,
    Column("name", KEY, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
