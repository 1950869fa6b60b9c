"""Alerts: what somebody must look at, and who did."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.alerts.alert import AlertKind, AlertState
from app.services.alerts.alert_list import MOST_COMMENT_CHARS, NamedAlert
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.fields import PlainText
from app.web.security import Reader, SystemOf, Watcher

router = APIRouter(prefix="/alerts", tags=["Alerts"])

Since = Annotated[When | None, Query(alias="from")]
STATE = "open: what is wrong now; acknowledged: what somebody has acknowledged, cleared or not; all: every alert"


class AcknowledgementIn(Strict):
    comment: PlainText = Field("", max_length=MOST_COMMENT_CHARS, examples=["A delivery; I spoke to the driver"])


class AcknowledgementOut(BaseModel):
    at: Moment
    actor: str = Field(description="id of the key or user")
    comment: str


class AlertOut(BaseModel):
    id: str
    at: Moment
    kind: AlertKind
    gate: str | None
    camera: str | None
    detail: str
    cleared_at: Moment | None = Field(description="when the alert ended; null until then")
    acknowledged: AcknowledgementOut | None = Field(description="who has looked at it; null: nobody")

    @classmethod
    def of(cls, named: NamedAlert) -> "AlertOut":
        alert = named.alert
        by = alert.acknowledged
        return cls(
            id=alert.id,
            at=alert.at,
            kind=alert.kind,
            gate=named.gate,
            camera=named.camera,
            detail=alert.detail,
            cleared_at=alert.cleared_at,
            acknowledged=AcknowledgementOut(at=by.at, actor=by.actor, comment=by.comment) if by else None,
        )


@router.get("", summary="List alerts, newest first", responses=ERRORS)
def find(
    system: SystemOf,
    _: Reader,
    cursor: IdCursor,
    state: Annotated[AlertState, Query(description=STATE)] = AlertState.OPEN,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[AlertOut]:
    found = system.alerts.find(state, since=since, before=cursor, limit=limit + 1)
    more = len(found) > limit
    return Page(items=[AlertOut.of(a) for a in found[:limit]], next=found[limit - 1].alert.id if more else None)


@router.post("/{id}/acknowledge", summary="Acknowledge an alert", responses=CONFLICT)
def acknowledge(id: str, body: AcknowledgementIn, system: SystemOf, who: Watcher) -> AlertOut:
    """Records who acknowledged it, when and with which comment. It ends a transient alert, such as tailgating, which
    otherwise ends after ten minutes. All others last until their cause ends.
    """
    return AlertOut.of(system.alerts.acknowledge(id, who.id, body.comment))
