"""Alerts: what somebody must look at, and who did."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.accounts.users import PERSON_ROLES
from app.core.alerts.alert import AlertFilter, AlertKind, AlertState, Severity, on_screens
from app.core.text import MOST_COMMENT_CHARS
from app.services.alerts.alert_list import NamedAlert
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.fields import PlainText
from app.web.finished import alert_detail
from app.web.security import ScreenReader, SystemOf, Watcher

router = APIRouter(prefix="/v1/alerts", tags=["Alerts"])

Since = Annotated[When | None, Query(alias="from")]
Until = Annotated[When | None, Query(alias="to")]
Gate = Annotated[PlainText | None, Query(max_length=100, description="name or id")]
STATE = (
    "open: its cause lasts, or nobody has acknowledged it; acknowledged: somebody has, whether its cause lasts or not; "
    "all: every alert"
)


class AcknowledgementIn(Strict):
    comment: PlainText = Field("", max_length=MOST_COMMENT_CHARS, examples=["A delivery; I spoke to the driver"])


class AcknowledgementsIn(AcknowledgementIn):
    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)


class AcknowledgementOut(BaseModel):
    at: Moment
    actor: str = Field(description="id of the key or user")
    name: str = Field(description="name of the key or user", examples=["Grace"])
    comment: str


class AlertOut(BaseModel):
    id: str
    at: Moment
    kind: AlertKind
    severity: Severity = Field(
        description="critical: somebody may have got in, or nobody can; warning: something works less well"
    )
    gate: str | None
    camera: str | None
    detail: str
    cleared_at: Moment | None = Field(description="when its cause was over; null while it lasts")
    acknowledged: AcknowledgementOut | None = Field(description="who has looked at it; null: nobody")
    event: str | None = Field(
        description="for `reported`: the id of the event that somebody found a mistake in; for `duress`: of the opening"
    )
    reported_by: str | None = Field(description="for `reported`: the name of the key or user, who wrote `detail`")

    @classmethod
    def of(cls, named: NamedAlert) -> "AlertOut":
        alert = named.alert
        by = alert.acknowledged
        return cls(
            id=alert.id,
            at=alert.at,
            kind=alert.kind,
            severity=alert.severity,
            gate=named.gate,
            camera=named.camera,
            detail=alert_detail(alert.kind, alert.detail),
            event=alert.event_id,
            reported_by=named.reporter,
            cleared_at=alert.cleared_at,
            acknowledged=None
            if by is None
            else AcknowledgementOut(at=by.at, actor=by.actor, name=named.actor or by.actor, comment=by.comment),
        )


@router.get("", summary="List alerts, newest first", responses=ERRORS)
def find(
    system: SystemOf,
    who: ScreenReader,
    cursor: IdCursor,
    state: Annotated[AlertState, Query(description=STATE)] = AlertState.OPEN,
    kind: Annotated[list[AlertKind] | None, Query(max_length=len(AlertKind))] = None,
    gate: Gate = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[AlertOut]:
    kinds = frozenset(kind) if kind else None
    kinds = kinds if who.may(*PERSON_ROLES) else on_screens(kinds)
    gate_id = None if gate is None else system.alerts.gate_id(gate)
    found = system.alerts.find(AlertFilter(state, kinds, gate_id, since, until, cursor, limit + 1))
    more = len(found) > limit
    return Page(items=[AlertOut.of(a) for a in found[:limit]], next=found[limit - 1].alert.id if more else None)


@router.post("/{id}/acknowledge", summary="Acknowledge an alert", responses=CONFLICT)
def acknowledge(id: str, body: AcknowledgementIn, system: SystemOf, who: Watcher) -> AlertOut:
    """Records who acknowledged it, when and with which comment. An alert stays open until its cause is over and
    somebody has acknowledged it. For a repeated picture or a turned camera, that is what ends it.
    """
    return AlertOut.of(system.alerts.acknowledge(id, who.id, body.comment))


@router.post("/acknowledge", summary="Acknowledge several alerts with one comment", responses=CONFLICT)
def acknowledge_all(body: AcknowledgementsIn, system: SystemOf, who: Watcher) -> Page[AlertOut]:
    """As for one alert. `items` are those that nobody had acknowledged before."""
    done = system.alerts.acknowledge_all(body.ids, who.id, body.comment)
    return Page(items=[AlertOut.of(a) for a in done], next=None)
