"""The site as a whole: lockdown, release on fire, and what somebody should look at."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput, NotRecorded
from app.core.site.mode import SiteMode, SiteState
from app.services.alerts.alert_list import NamedAlert
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.security import Admin, Reader, SystemOf, Watcher, is_remembered, looked_up
from app.wiring import System

router = APIRouter(tags=["Site"])

Since = Annotated[When | None, Query(alias="from")]


class ModeIn(Strict):
    active: bool
    gates: list[str] = Field(default_factory=list, max_length=1000, description="names; none: every gate")
    zones: list[str] = Field(default_factory=list, max_length=1000, description="there are none yet: name the gates")

    def names(self) -> list[str]:
        if self.zones:
            raise BadInput("no_zones", "There are no zones yet; name the gates, or none for every gate.")
        return self.gates


class ModeOut(BaseModel):
    """The mode that holds now, since when, and the id of the key or user who ordered it."""

    mode: SiteMode
    since: Moment | None
    actor: str | None
    gates: list[str] = Field(description="where it holds; empty: at every gate, also those to come")

    @classmethod
    def of(cls, state: SiteState, system: System) -> "ModeOut":
        try:
            names = {gate.id: gate.name for gate in system.gates.all()}
        except NotRecorded:  # the order is recorded: to say less about it is better than to say that it failed
            names = {}
        return cls(
            mode=state.mode, since=state.since, actor=state.actor, gates=sorted(names.get(g, g) for g in state.gates)
        )


class AlertOut(BaseModel):
    id: str
    at: Moment
    kind: AlertKind
    gate: str | None
    camera: str | None
    detail: str
    cleared_at: Moment | None = Field(description="null while it stands")

    @classmethod
    def of(cls, named: NamedAlert) -> "AlertOut":
        alert = named.alert
        return cls(
            id=alert.id,
            at=alert.at,
            kind=alert.kind,
            gate=named.gate,
            camera=named.camera,
            detail=alert.detail,
            cleared_at=alert.cleared_at,
        )


@router.post("/lockdown", summary="Let nobody in, or end that", responses=CONFLICT)
def lockdown(body: ModeIn, system: SystemOf, key: Admin) -> ModeOut:
    """From when this answers, every decision is a denial. Nobody is kept in: egress is never locked."""
    return _set(system, SiteMode.LOCKDOWN, body, key.id)


@router.post("/release", summary="Open every gate (fire), or end that", responses=CONFLICT)
def release(request: Request, body: ModeIn, system: SystemOf, key: Watcher) -> ModeOut:
    """Gates that are driven stand open, decisions answer open, and the log says so. It beats everything, a lockdown and
    a disabled gate too. While the database is gone a release is carried out at once and answered 503: the gates that
    this process drives stand open, and the record is made once the database answers. `detail` says so.

    A fire panel gets a key of role security. It may say it as often as it likes; only changes are recorded. Its key, or
    a signed-in guard, need no database for it if they were known to this process a second before.
    """
    if not body.active:
        looked_up(request)
    return _set(system, SiteMode.RELEASE, body, key.id, unread=is_remembered(request))


@router.get("/alerts", summary="What somebody should look at, newest first", responses=ERRORS)
def alerts(
    system: SystemOf,
    _: Reader,
    cursor: IdCursor,
    cleared: Annotated[bool, Query(description="also those that are over")] = False,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[AlertOut]:
    found = system.alerts.find(history=cleared, since=since, before=cursor, limit=limit + 1)
    more = len(found) > limit
    return Page(items=[AlertOut.of(a) for a in found[:limit]], next=found[limit - 1].alert.id if more else None)


@router.post("/alerts/{id}/seen", status_code=204, summary="Somebody has looked at a hint", responses=CONFLICT)
def seen(id: str, system: SystemOf, _: Watcher) -> None:
    """Ends an alert of what was over when it was told, such as tailgating (by itself it ends after ten minutes). All
    others end with their cause: 409 `alert_stands`."""
    system.hints.seen(id)


def _set(system: System, mode: SiteMode, body: ModeIn, actor: str, *, unread: bool = False) -> ModeOut:
    wanted = mode if body.active else SiteMode.NORMAL
    return ModeOut.of(system.site.set_mode(wanted, body.names(), actor, ending=mode, unread=unread), system)
