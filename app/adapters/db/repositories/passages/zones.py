"""How a zone is stored: its columns, and what it asks of those who enter."""

from collections.abc import Mapping
from typing import Any

from app.core.access.rules import Zone
from app.core.access.zone_policy import DEFAULT_POLICY, AntiPassback, ZonePolicy
from app.core.errors import BadInput

Columns = Mapping[str, Any]
PLAIN: Columns = {
    "anti_passback": DEFAULT_POLICY.anti_passback.value,
    "timed_min": None,
    "forgive_after_h": DEFAULT_POLICY.forgive_after_h,
    "daily_reset_min": None,
    "exempt_groups": [],
    "most_people": None,
}


def zone_columns(zone: Zone) -> Columns:
    """The columns of a zone's row."""
    columns, policy = dict(vars(zone)), zone.policy
    del columns["policy"]
    kept = {
        "anti_passback": policy.anti_passback.value,
        "timed_min": policy.timed_min,
        "forgive_after_h": policy.forgive_after_h,
        "daily_reset_min": policy.daily_reset_min,
        "exempt_groups": sorted(policy.exempt_groups),
        "most_people": policy.limit,
    }
    # NULL for what is asked anyway: the seals of rows from before these columns stay valid.
    return columns | {name: None if value == PLAIN[name] else value for name, value in kept.items()}


def zone_of(row: Columns) -> Zone:
    """The zone of a row. Raises BadInput for one that this version cannot read."""
    kept = {name: value if row[name] is None else row[name] for name, value in PLAIN.items()}
    try:
        anti_passback = AntiPassback(kept["anti_passback"])
    except ValueError:
        raise BadInput("bad_value", "a newer version of Facegate wrote this zone") from None
    policy = ZonePolicy(
        anti_passback,
        kept["timed_min"],
        kept["forgive_after_h"],
        kept["daily_reset_min"],
        frozenset(kept["exempt_groups"]),
        kept["most_people"],
    )
    return Zone(row["id"], row["name"], row["site_id"], row["parent_id"], policy)
