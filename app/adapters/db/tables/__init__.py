"""The tables, once: what the queries and the migrations are both checked against."""

from app.adapters.db.tables.accounts import api_keys, provider, sessions, sign_ins, tallies, tickets, users
from app.adapters.db.tables.alerts import UNCLEARED, alerts
from app.adapters.db.tables.base import EPOCH, KEY, Instant, from_millis, metadata, to_millis
from app.adapters.db.tables.cameras import cameras
from app.adapters.db.tables.events import corrections, events, gate_results, histograms, idempotency, sent_pictures
from app.adapters.db.tables.gates import doors, gates, orders
from app.adapters.db.tables.imports import import_rows, imports
from app.adapters.db.tables.people import (
    data_keys,
    embeddings,
    employees,
    erasures,
    gallery,
    gallery_changes,
    next_templates,
    photos,
    templates,
)
from app.adapters.db.tables.sealed import COUNTED, FORMER_NAMES, SEALED, UNCOVERED, seal_totals
from app.adapters.db.tables.site import UNANSWERED, clock, heartbeat, installation, leases, questions, site, watchers

__all__ = [
    "COUNTED",
    "EPOCH",
    "FORMER_NAMES",
    "KEY",
    "SEALED",
    "UNANSWERED",
    "UNCLEARED",
    "UNCOVERED",
    "Instant",
    "alerts",
    "api_keys",
    "cameras",
    "clock",
    "corrections",
    "data_keys",
    "doors",
    "embeddings",
    "employees",
    "erasures",
    "events",
    "from_millis",
    "gallery",
    "gallery_changes",
    "gate_results",
    "gates",
    "heartbeat",
    "histograms",
    "idempotency",
    "import_rows",
    "imports",
    "installation",
    "leases",
    "metadata",
    "next_templates",
    "orders",
    "photos",
    "provider",
    "questions",
    "seal_totals",
    "sent_pictures",
    "sessions",
    "sign_ins",
    "site",
    "tallies",
    "templates",
    "tickets",
    "to_millis",
    "users",
    "watchers",
]
