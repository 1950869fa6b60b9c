"""Who may pass where and when: places, groups, schedules, rules. Few rows, read as a whole, changed by admins."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String, Table, Text

from app.adapters.db.tables.base import KEY, Instant, metadata

# One row, id 1. Its lock makes changes wait for each other, and its version says that something changed.
rule_version = Table(
    "rule_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("time_zone", String, nullable=False),
)

zones = Table(
    "zones",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("site_id", KEY, ForeignKey("sites.id"), nullable=False),
    Column("parent_id", KEY, ForeignKey("zones.id")),
    # What the zone asks; NULL for what is asked unless somebody says otherwise.
    Column("anti_passback", String),
    Column("timed_min", Integer),
    Column("forgive_after_h", Integer),
    Column("daily_reset_min", Integer),
    Column("exempt_groups", JSON(none_as_null=True)),
    Column("most_people", Integer),
)

# Apart from `gates`, whose rows decisions lock.
gate_places = Table(
    "gate_places",
    metadata,
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("site_id", KEY, ForeignKey("sites.id"), nullable=False),
    Column("zone_from", KEY, ForeignKey("zones.id")),
    Column("zone_to", KEY, ForeignKey("zones.id")),
    Column("time_zone", String),
)

lanes = Table(
    "lanes",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("gate_in", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("gate_out", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
)

# An employee's row holds the names of their groups, so that a decision reads both at once; folded is how they compare.
groups = Table(
    "groups",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", KEY, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("description", Text),
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("days", JSON, nullable=False),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("windows", JSON, nullable=False),
    Column("on_calendar", JSON, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("who", JSON, nullable=False),
    Column("places", JSON, nullable=False),
    Column("schedule_id", KEY, ForeignKey("schedules.id")),
    # Dates, as days at the gate.
    Column("valid_from", String),
    Column("valid_until", String),
    Column("note", Text),
)

# The people that a rule names; they leave it when they are erased.
rule_people = Table(
    "rule_people",
    metadata,
    Column("rule_id", KEY, ForeignKey("rules.id", ondelete="CASCADE"), primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True, index=True),
)

gate_modes = Table(
    "gate_modes",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("gate_id", KEY, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("mode", String, nullable=False),
    Column("schedule_id", KEY, ForeignKey("schedules.id")),
    Column("first_person_group_id", KEY, ForeignKey("groups.id")),
)

grants = Table(
    "grants",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("employee_id", KEY, ForeignKey("employees.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("places", JSON, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_by", KEY, nullable=False),
)

RULE_TABLES = (
    rule_version,
    sites,
    zones,
    gate_places,
    lanes,
    groups,
    calendars,
    schedules,
    rules,
    rule_people,
    gate_modes,
    grants,
)
