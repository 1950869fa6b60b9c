"""Where people are, passages that were granted and are not over, and roll calls."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

# zone_id: NULL for the outside. No foreign key: a zone that is gone is nowhere. before: what the row replaced, to be
# put back if the gate never opened.
presences = Table(
    "presences",
    metadata,
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True),
    Column("zone_id", KEY, index=True),
    Column("since", Instant, nullable=False),
    Column("gate_id", KEY),
    Column("event_id", KEY, index=True),
    Column("before", JSON(none_as_null=True)),
)

# A row lives for seconds: it goes when the person has passed, or has not.
passages = Table(
    "passages",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", KEY, nullable=False, unique=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), index=True),
    Column("zone_from", KEY),
    Column("zone_to", KEY),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
    Index(None, "gate_id", "at", "id"),
)

# Openings whose passage a sensor confirmed, and reports of gates, by a hash, that were counted. Kept for a day: a gate
# waits no longer for its first person of a window.
confirmed_passages = Table(
    "confirmed_passages",
    metadata,
    Column("event_id", KEY, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)

# Its lock lets one decision at a time count a zone that has a limit. since: when an unknown person last went in.
zone_counts = Table(
    "zone_counts",
    metadata,
    Column("zone_id", KEY, ForeignKey("zones.id", ondelete="CASCADE"), primary_key=True),
    Column("unknown", Integer, nullable=False),
    Column("since", Instant),
)

musters = Table(
    "musters",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("started_by", KEY),
    Column("comment", Text, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", KEY),
)

muster_ticks = Table(
    "muster_ticks",
    metadata,
    Column("muster_id", KEY, ForeignKey("musters.id", ondelete="CASCADE"), primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", KEY, nullable=False),
)

PASSAGE_TABLES = (presences, passages, confirmed_passages, zone_counts, musters, muster_ticks)
