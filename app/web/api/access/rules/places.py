"""Places: sites, their zones, where gates stand, and lanes of two gates."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.core.access.rules import GatePlace, Lane, Site, Zone
from app.core.access.schedules import clock
from app.core.access.zone_policy import FORGIVE_AFTER_H, AntiPassback, ZonePolicy
from app.web.api.access.rules.entries import Chosen, EntryOut, Id, Kind, Name, add_routes
from app.web.api.access.rules.times import minutes
from app.web.api.schemas import Strict
from app.web.fields import PlainText

router = APIRouter(prefix="/v1", tags=["Rules"])

TimeZone = Annotated[PlainText, Field(min_length=1, max_length=64, examples=["Europe/Berlin"])]

TimeOfDay = Annotated[PlainText, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class SiteIn(Strict):
    name: Name = Field(examples=["Berlin"])
    time_zone: TimeZone = Field(description="an IANA name; the clock of the site's gates")


class SiteOut(EntryOut, SiteIn):
    pass


class ZoneIn(Strict):
    name: Name = Field(examples=["Server room"])
    site: Id
    parent: Id | None = Field(None, description="the zone around this one; null: none")
    anti_passback: AntiPassback = Field(
        AntiPassback.SOFT,
        description="what happens when somebody enters who is inside already: off: nothing; soft: the event says so; "
        "hard: they are refused; timed: they are refused for `timed_minutes` after they entered",
    )
    timed_minutes: int | None = Field(None, examples=[30], description="only for timed")
    forgive_after_hours: int = Field(
        FORGIVE_AFTER_H, description="then nobody knows any more whether somebody is inside; 0: never"
    )
    daily_reset: TimeOfDay | None = Field(
        None, examples=["04:00"], description="at this time, on the site's clock, everybody inside becomes unknown"
    )
    exempt_groups: list[Id] = Field(default_factory=list, max_length=100, description="who is not checked")
    limit: int | None = Field(None, examples=[60], description="the most people inside; null: no limit")


def _zone(body: ZoneIn, entry_id: str) -> Zone:
    policy = ZonePolicy(
        AntiPassback(body.anti_passback),
        body.timed_minutes,
        body.forgive_after_hours,
        None if body.daily_reset is None else minutes(body.daily_reset),
        frozenset(body.exempt_groups),
        body.limit,
    )
    return Zone(entry_id, body.name, body.site, body.parent, policy)


def _zone_fields(zone: Zone) -> dict[str, Any]:
    policy = zone.policy
    return {
        "name": zone.name,
        "site": zone.site_id,
        "parent": zone.parent_id,
        "anti_passback": policy.anti_passback,
        "timed_minutes": policy.timed_min,
        "forgive_after_hours": policy.forgive_after_h,
        "daily_reset": None if policy.daily_reset_min is None else clock(policy.daily_reset_min),
        "exempt_groups": sorted(policy.exempt_groups),
        "limit": policy.limit,
    }


class ZoneOut(EntryOut, ZoneIn):
    pass


class GatePlaceIn(Strict):
    site: Id
    zone_from: Id | None = Field(None, description="null: the outside")
    zone_to: Id | None = Field(None, description="null: the outside")
    time_zone: TimeZone | None = Field(None, description="null: the site's")


class GatePlaceOut(EntryOut, GatePlaceIn):
    id: str = Field(description="the gate's id")
    name: str = Field(examples=["lobby-1"])


class LaneIn(Strict):
    name: Name = Field(examples=["Lobby"])
    gate_in: Id
    gate_out: Id


class LaneOut(EntryOut, LaneIn):
    pass


def zones_wanted(site: Annotated[PlainText | None, Query(max_length=64, description="a site's id")] = None) -> Chosen:
    return lambda _: lambda zone: site is None or zone.site_id == site


def _gate_place(body: GatePlaceIn, entry_id: str, before: GatePlace) -> GatePlace:
    return GatePlace(entry_id, before.name, body.site, body.zone_from, body.zone_to, body.time_zone)


SITES = Kind(
    path="sites",
    one="a site",
    part=Site,
    body=SiteIn,
    out=SiteOut,
    build=lambda body, entry_id, _: Site(entry_id, body.name, body.time_zone),
    fields=lambda site: {"name": site.name, "time_zone": site.time_zone},
)
ZONES = Kind(
    path="zones",
    one="a zone",
    part=Zone,
    body=ZoneIn,
    out=ZoneOut,
    build=lambda body, entry_id, _: _zone(body, entry_id),
    fields=_zone_fields,
    wanted=zones_wanted,
)
GATE_PLACES = Kind(
    path="gate-places",
    one="a gate's place",
    part=GatePlace,
    body=GatePlaceIn,
    out=GatePlaceOut,
    build=_gate_place,
    fields=lambda gate: {
        "site": gate.site_id,
        "zone_from": gate.zone_from,
        "zone_to": gate.zone_to,
        "time_zone": gate.time_zone,
    },
    more=lambda _, gate: {"name": gate.name},
    fixed=True,
)
LANES = Kind(
    path="lanes",
    one="a lane",
    part=Lane,
    body=LaneIn,
    out=LaneOut,
    build=lambda body, entry_id, _: Lane(entry_id, body.name, (body.gate_in, body.gate_out)),
    fields=lambda lane: {"name": lane.name, "gate_in": lane.gates[0], "gate_out": lane.gates[1]},
)

for kind in (SITES, ZONES, GATE_PLACES, LANES):
    add_routes(router, kind)
