"""The audit trail, and which tables it follows."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from sqlalchemy import JSON, Column, String, Table, Text

from app.adapters.db.tables.access import (
    calendars,
    gate_modes,
    gate_places,
    grants,
    groups,
    lanes,
    rule_people,
    rules,
    schedules,
    sites,
    zones,
)
from app.adapters.db.tables.accounts import api_keys, provider, tickets, users
from app.adapters.db.tables.alerts import alerts, receivers
from app.adapters.db.tables.base import KEY, Instant, metadata
from app.adapters.db.tables.cameras import cameras
from app.adapters.db.tables.credentials import credentials
from app.adapters.db.tables.directories import directories, directory_groups, directory_people
from app.adapters.db.tables.events import corrections
from app.adapters.db.tables.gates import gates
from app.adapters.db.tables.imports import imports
from app.adapters.db.tables.passages import muster_ticks, musters
from app.adapters.db.tables.people import certificates, consents, employees, erasures, gatherings, invitations, photos
from app.adapters.db.tables.site import site, site_settings
from app.adapters.db.tables.visits import documents, visits

# No foreign keys: an entry outlives whatever it is about, and whoever did it. A field is [name, before, after], or
# [name] where its values are not kept.
trail = Table(
    "trail",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", KEY, index=True),
    Column("address", String, nullable=False),
    Column("way", Text, nullable=False),
    Column("action", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", KEY, nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("person", KEY, index=True),
    Column("fields", JSON, nullable=False),
)


@dataclass(frozen=True)
class Followed:
    """A table whose changes by people and keys go into the trail.

    Attributes:
        kind: What one of its rows is called.
        subject: The column with the id of what changed; "" where there is one row only.
        label: The column with its name.
        person: The column with the id of the person it is about.
        hidden: Columns whose values stay out: secrets, what names people, free text that may. A change shows.
        ignored: Columns that change without anybody's order.
    """

    kind: str
    subject: str = "id"
    label: str = ""
    person: str = ""
    hidden: Set[str] = frozenset()
    ignored: Set[str] = frozenset()


def _named(kind: str, *hidden: str, ignored: Set[str] = frozenset()) -> Followed:
    return Followed(kind, label="name", hidden=frozenset(hidden), ignored=ignored)


FOLLOWED: Mapping[Table, Followed] = {
    employees: Followed(
        "person",
        person="id",
        # The digests only change with what is sealed, which says more: see `seals.trail`.
        ignored={"number_digest", "card_digest", "inactive_since"},
    ),
    photos: Followed("photo", person="employee_id", hidden={"sealed_image"}, ignored={"sealed_embedding", "digest"}),
    credentials: Followed("credential", person="employee_id", ignored={"digest", "sealed", "actor"}),
    visits: Followed(
        "visit", person="employee_id", ignored={"link_hash", "sealed", "tries", "next_try_at", "pass_mail", "host_mail"}
    ),
    documents: Followed("document", person="employee_id", hidden={"sealed"}, ignored={"actor"}),
    gatherings: Followed("badge_enrolment", subject="employee_id", person="employee_id", ignored={"actor"}),
    invitations: Followed("invitation", person="employee_id", ignored={"hash", "consent", "tries"}),
    consents: Followed("consent", person="employee_id", hidden={"text"}, ignored={"recorded_at", "actor"}),
    erasures: Followed("erasure", person="employee_id", ignored={"signature"}),
    certificates: Followed("erasure_certificate", person="employee_id", hidden={"document"}),
    grants: Followed("grant", person="employee_id", hidden={"reason"}),
    rule_people: Followed("rule_person", subject="rule_id", person="employee_id"),
    # Where people are has a signed event for each correction, and an order for each reset.
    musters: Followed("muster", hidden={"comment"}),
    muster_ticks: Followed("muster_tick", subject="muster_id", person="employee_id"),
    corrections: Followed(
        "correction", person="employee_id", hidden={"comment"}, ignored={"commitment", "signature", "nonce"}
    ),
    alerts: Followed("alert", hidden={"detail", "acknowledged_comment"}, ignored={"awaiting", "unsent"}),
    receivers: _named("receiver", "sealed_target", ignored={"folded"}),
    imports: Followed("import"),
    users: _named("user", "password", ignored={"name_folded"}),
    tickets: Followed("sign_in_link", subject="user_id", ignored={"hash"}),
    api_keys: _named("key", ignored={"hash"}),
    directories: _named("directory", ignored={"folded"}),
    directory_people: Followed(
        "directory_person",
        subject="directory_id",
        person="employee_id",
        hidden={"sealed"},
        ignored={"user_digest", "external_digest", "version", "changed_at"},
    ),
    directory_groups: Followed("directory_group", subject="group_id", ignored={"version", "changed_at"}),
    provider: Followed("sign_in_provider", subject="", hidden={"sealed_secret"}),
    gates: _named("gate", "sealed_config", ignored={"head_sequence", "head_hash", "door", "door_at"}),
    cameras: _named("camera", "sealed_url"),
    gate_places: Followed("gate_place", subject="gate_id"),
    sites: _named("site"),
    zones: _named("zone"),
    lanes: _named("lane"),
    groups: _named("group", ignored={"folded"}),
    calendars: _named("calendar"),
    schedules: _named("schedule"),
    rules: _named("rule"),
    gate_modes: Followed("gate_mode"),
    site: Followed("site_mode", subject="", ignored={"actor"}),
    site_settings: Followed("site_settings", subject=""),
}
