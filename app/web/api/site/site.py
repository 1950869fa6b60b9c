"""The site as a whole: lockdown and emergency release."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.core.accounts.users import Principal
from app.core.errors import NotRecorded
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Role
from app.web.api.describe import CONFLICT
from app.web.api.schemas import Moment, Strict
from app.web.fields import PlainText
from app.web.security import SystemOf, Watcher, is_remembered, looked_up
from app.wiring import System

router = APIRouter(prefix="/v1", tags=["Site"])


class ModeIn(Strict):
    active: bool
    gates: list[str] = Field(
        default_factory=list, max_length=1000, description="names of gates; without zones either: every gate"
    )
    zones: list[str] = Field(
        default_factory=list,
        max_length=1000,
        description="names of zones: the gates that lead into or out of them, or of zones inside them",
    )
    comment: PlainText = Field("", max_length=200, examples=["Fire drill"], description="kept with each gate's event")


class ModeOut(BaseModel):
    """The mode now, since when, the id of the key or user who ordered it, and their comment."""

    mode: SiteMode
    since: Moment | None
    actor: str | None
    gates: list[str] = Field(description="where it applies; empty: at every gate, new ones too")
    zones: list[str] = Field(description="the zones that were ordered; their gates are among `gates`")
    comment: str

    @classmethod
    def of(cls, state: SiteState, system: System) -> "ModeOut":
        try:
            names = {gate.id: gate.name for gate in system.gates.all()}
            names |= zone_names(system) if state.zones else {}
        except NotRecorded:  # the order is recorded, so an answer with less detail is better than an error
            names = {}
        return cls(
            mode=state.mode,
            since=state.since,
            actor=state.actor,
            gates=sorted(names.get(g, g) for g in state.gates),
            zones=sorted(names.get(z, z) for z in state.zones),
            comment=state.comment,
        )


@router.post("/lockdown", summary="Start or end a lockdown", responses=CONFLICT)
def lockdown(body: ModeIn, system: SystemOf, who: Watcher) -> ModeOut:
    """Once this answers, every decision is a denial. Egress is never locked. With `zones`, gates that are added to them
    later are locked too. The role security may order it, and end it, where the site's settings say
    `guards_may_lock_down`.
    """
    return _set(system, SiteMode.LOCKDOWN, body, who)


@router.post("/release", summary="Start or end an emergency release", responses=CONFLICT)
def release(request: Request, body: ModeIn, system: SystemOf, who: Watcher) -> ModeOut:
    """Driven gates stand open and every decision is an opening, even during a lockdown or at a disabled gate. Without
    its database the service still opens the gates that this process drives, and answers 503; `detail` explains it. The
    record is made once the database answers.

    Give a fire panel a key of role security. It may repeat the order as often as it likes: only changes are recorded.
    Its key, or a signed-in guard, needs no database if this process knew them a second before.
    """
    if not body.active:
        looked_up(request)
    return _set(system, SiteMode.RELEASE, body, who, unread=is_remembered(request))


def zone_names(system: System) -> dict[str, str]:
    """The name of each zone, by id. Raises NotRecorded."""
    with system.store.read() as tx:
        return {zone.id: zone.name for zone in tx.rules.all().zones}


def _set(system: System, mode: SiteMode, body: ModeIn, who: Principal, *, unread: bool = False) -> ModeOut:
    state = system.site.set_mode(
        mode if body.active else SiteMode.NORMAL,
        body.gates,
        who.id,
        ending=mode,
        unread=unread,
        comment=body.comment.strip(),
        by_guard=not who.may(Role.ADMIN),
        zones=body.zones,
    )
    return ModeOut.of(state, system)
