"""What a zone asks of those who enter it, as a rules file says it. What is not said is as for a new zone."""

from collections.abc import Mapping
from typing import Any

from app.core.access.file_values import Value
from app.core.access.schedules import clock
from app.core.access.zone_policy import DEFAULT_POLICY, AntiPassback, ZonePolicy

ZONE_FIELDS = ("anti_passback", "timed_minutes", "forgive_after_hours", "daily_reset", "exempt_groups", "limit")


def zone_policy(fields: Mapping[str, Value], groups: Mapping[str, str], zone: Value) -> ZonePolicy:
    """Reads the policy. Raises BadRulesFile.

    Args:
        fields: of the zone; some may be missing.
        groups: ids of groups by name.
        zone: the whole entry, which an error names.
    """

    def whole(name: str) -> int | None:
        return fields[name].whole() if name in fields else None

    anti_passback = fields["anti_passback"].choice(AntiPassback) if "anti_passback" in fields else None
    forgive_after_h, timed_min, limit = whole("forgive_after_hours"), whole("timed_minutes"), whole("limit")
    daily_reset_min = fields["daily_reset"].minutes() if "daily_reset" in fields else None
    named = fields["exempt_groups"].items() if "exempt_groups" in fields else ()
    exempt = frozenset(one.known(groups, "group") for one in named)
    return zone.make(
        lambda: ZonePolicy(
            DEFAULT_POLICY.anti_passback if anti_passback is None else anti_passback,
            timed_min,
            DEFAULT_POLICY.forgive_after_h if forgive_after_h is None else forgive_after_h,
            daily_reset_min,
            exempt,
            limit,
        )
    )


def zone_policy_written(policy: ZonePolicy, names: Mapping[str, str]) -> dict[str, Any]:
    """The policy as `zone_policy` reads it, without what holds for a new zone anyway."""
    reset = policy.daily_reset_min
    written: dict[str, Any] = {
        "anti_passback": policy.anti_passback.value,
        "timed_minutes": policy.timed_min,
        "forgive_after_hours": policy.forgive_after_h,
        "daily_reset": None if reset is None else clock(reset),
        "exempt_groups": sorted(names[group] for group in policy.exempt_groups if group in names) or None,
        "limit": policy.limit,
    }
    plain = {"anti_passback": DEFAULT_POLICY.anti_passback.value, "forgive_after_hours": DEFAULT_POLICY.forgive_after_h}
    return {name: value for name, value in written.items() if value is not None and plain.get(name) != value}
