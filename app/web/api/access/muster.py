"""Who is inside which zone: occupancy, the muster with its ticks, and corrections."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.core.access.passages.muster import Listed, Muster, ZoneHead
from app.services.access.passages.muster_book import MusterView
from app.services.access.passages.presence_control import EVERYBODY
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.passage_schemas import ZoneRef
from app.web.api.schemas import Moment, Strict
from app.web.csv_file import csv_file
from app.web.fields import PlainText
from app.web.security import Reader, SystemOf, Watcher

router = APIRouter(prefix="/v1", tags=["Passages"])

Comment = Annotated[PlainText, Field(min_length=1, max_length=200, examples=["Left by the fire exit"])]


# A list has one of these a person. A model takes three times as long to make, and twice that to collect again: of
# 10,000 people, 217 ms for models and 45 for these (2026-11-30).
@dataclass(frozen=True, slots=True)
class WhoInside:
    id: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class InsideOut:
    """Somebody who is inside. since, gate: when and by which gate they came; no gate after a correction."""

    employee: WhoInside
    since: Moment | None
    gate: str | None
    ticked_at: Annotated[Moment | None, Field(description="in the roll call that lasts: when they were seen")]
    ticked_by: Annotated[str | None, Field(description="id of the key or user who saw them")]

    @classmethod
    def of(cls, one: Listed, view: MusterView) -> "InsideOut":
        name, presence, tick = view.names.get(one.person_id), one.presence, one.tick
        return cls(
            WhoInside(one.person_id, name.name, name.number) if name else WhoInside(one.person_id, "", ""),
            presence.since if presence else None,
            view.gates.get(presence.gate_id or "") if presence else None,
            tick.at if tick else None,
            tick.actor if tick else None,
        )


class ZoneInsideOut(BaseModel):
    zone: ZoneRef
    parent: str | None = Field(description="id of the zone around it")
    limit: int | None
    inside: int = Field(description="known people in it and in zones inside it")
    unknown: int = Field(description="unknown people in this zone, without the zones inside it")
    people: list[InsideOut] = Field(description="in this zone alone; whoever came first is first")

    @classmethod
    def of(cls, head: ZoneHead, view: MusterView) -> "ZoneInsideOut":
        zone = head.zone
        return cls.model_construct(
            zone=ZoneRef(id=zone.id, name=zone.name),
            parent=zone.parent_id,
            limit=zone.policy.limit,
            inside=head.inside,
            unknown=head.unknown,
            people=[InsideOut.of(one, view) for one in head.people],
        )


class OccupancyOut(BaseModel):
    """Outer zones come before those inside them."""

    at: Moment
    people: int
    unknown: int
    zones: list[ZoneInsideOut]


class MusterOut(BaseModel):
    id: str
    started_at: Moment
    started_by: str | None = Field(description="id of a key or user; null: an emergency release")
    comment: str
    ended_at: Moment | None
    ended_by: str | None = Field(description="id of a key or user; null: it lasts, or a restored backup ended it")

    @classmethod
    def of(cls, muster: Muster) -> "MusterOut":
        return cls(**{name: getattr(muster, name) for name in cls.model_fields})


class MusterListOut(OccupancyOut):
    muster: MusterOut | None = Field(description="the roll call that lasts, or the last one")
    ticked: int = Field(description="how many of those inside were seen")
    elsewhere: list[InsideOut] = Field(description="people who were seen, and are in no zone")


class MusterIn(Strict):
    comment: PlainText = Field("", max_length=200, examples=["Fire drill"])


class TickIn(Strict):
    ticked: bool = Field(True, description="false takes a tick back")


class TickOut(BaseModel):
    """The tick that holds: of two at once the first."""

    ticked: bool
    at: Moment | None
    actor: str | None


class TicksOut(BaseModel):
    version: str = Field(description="another one once the list has other people, or the roll call begins or ends")
    ticked: dict[str, Moment] = Field(description="when people were seen, by the employee's id")


class PresenceIn(Strict):
    place: PlainText = Field(
        min_length=1, max_length=100, description="a zone's id or name; or else `outside` or `unknown`"
    )
    comment: Comment


class PresenceOut(BaseModel):
    zone: str | None = Field(description="id; null: outside, or unknown")
    known: bool
    since: Moment | None


class ResetIn(Strict):
    place: PlainText = Field(
        min_length=1, max_length=100, examples=[EVERYBODY], description="a zone's id or name; or else `everybody`"
    )
    comment: Comment


class ResetOut(BaseModel):
    forgotten: int = Field(description="how many people became unknown")


class UnknownIn(Strict):
    count: int = Field(ge=0, le=10_000)
    comment: Comment


@router.get("/occupancy", summary="Who is inside which zone", responses=ERRORS)
def occupancy(system: SystemOf, _: Reader) -> OccupancyOut:
    view = system.passages.muster.view()
    zones = [ZoneInsideOut.of(head, view) for head in view.list.zones]
    return OccupancyOut(at=view.at, people=view.list.people, unknown=view.list.unknown, zones=zones)


@router.get("/muster", summary="The muster list", response_model=MusterListOut, responses=ERRORS)
def read(system: SystemOf, _: Reader) -> Response:
    """Everybody inside, with the ticks of the roll call that lasts. An emergency release begins one by itself."""
    # What we made need not be checked again: of 10,000 people that takes as long as all the rest.
    return Response(_shown(system.passages.muster.view()).model_dump_json(), media_type="application/json")


@router.get("/muster.csv", summary="The muster list as CSV", responses=ERRORS, response_class=Response)
def as_csv(system: SystemOf, _: Reader) -> Response:
    view = system.passages.muster.view()
    rows: list[list[object]] = [["zone", "number", "name", "since", "gate", "seen"]]
    for head in view.list.zones:
        for one in (InsideOut.of(listed, view) for listed in head.people):
            times = [time.isoformat() if time else "" for time in (one.since, one.ticked_at)]
            rows.append([head.zone.name, one.employee.number, one.employee.name, times[0], one.gate or "", times[1]])
        rows += [[head.zone.name, "", "unknown person", "", "", ""]] * head.unknown
    system.trail.exported("muster", must=False)
    return csv_file("muster.csv", rows)


@router.get("/muster/ticks", summary="Who was ticked off", responses=ERRORS)
def ticks(system: SystemOf, _: Reader) -> TicksOut:
    """For a device that keeps the list: what others ticked. Read the list again once `version` changes."""
    version, found = system.passages.muster.ticks()
    return TicksOut(version=version, ticked={one.person_id: one.at for one in found.values()})


@router.post("/muster", status_code=201, summary="Begin a roll call", responses=CONFLICT)
def start(body: MusterIn, system: SystemOf, who: Watcher) -> MusterOut:
    return MusterOut.of(system.passages.muster.start(body.comment, who.id))


@router.post("/muster/end", summary="End the roll call", responses=CONFLICT)
def end(system: SystemOf, who: Watcher) -> MusterOut:
    return MusterOut.of(system.passages.muster.end(who.id))


@router.post("/muster/{employee_id}/ticked", summary="Tick somebody off", responses=CONFLICT)
def tick(employee_id: str, body: TickIn, system: SystemOf, who: Watcher) -> TickOut:
    """Several devices may do this at once. A tick that is there already stays as it is."""
    found = system.passages.muster.tick(employee_id, who.id, ticked=body.ticked)
    return TickOut(ticked=found is not None, at=found.at if found else None, actor=found.actor if found else None)


@router.post("/employees/{employee_id}/presence", summary="Correct where somebody is", responses=CONFLICT)
def correct(employee_id: str, body: PresenceIn, system: SystemOf, who: Watcher) -> PresenceOut:
    """A gate's log records it, with the reason. `unknown` also resets anti-passback for this person."""
    found = system.passages.control.correct(employee_id, body.place, body.comment, who.id)
    return PresenceOut(
        zone=found.zone_id if found else None, known=found is not None, since=found.since if found else None
    )


@router.post("/occupancy/resets", summary="Forget who is inside", responses=CONFLICT)
def reset(body: ResetIn, system: SystemOf, who: Watcher) -> ResetOut:
    """Everybody in the zone, and in zones inside it, becomes unknown; so may pass once more, in or out."""
    return ResetOut(forgotten=system.passages.control.reset(body.place, body.comment, who.id))


@router.put("/occupancy/{zone}/unknown", status_code=204, summary="Correct the unknown people", responses=CONFLICT)
def set_unknown(zone: str, body: UnknownIn, system: SystemOf, who: Watcher) -> None:
    system.passages.control.set_unknown(zone, body.count, body.comment, who.id)


def _shown(view: MusterView) -> MusterListOut:
    return MusterListOut(
        at=view.at,
        people=view.list.people,
        unknown=view.list.unknown,
        zones=[ZoneInsideOut.of(head, view) for head in view.list.zones],
        muster=MusterOut.of(view.muster) if view.muster else None,
        ticked=view.list.ticked,
        elsewhere=[InsideOut.of(one, view) for one in view.list.elsewhere],
    )
