"""Receivers of alerts: where alerts are sent, and what became of each."""

from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.core.alerts.alert import AlertKind, Severity
from app.core.alerts.deliveries import Change, Delivery, DeliveryState
from app.core.alerts.receivers import ADDRESS_CHARS, EXAMPLES, LOGIN_CHARS, NAME_CHARS, NEVER, Form
from app.services.alerts.outward.receiver_book import ReceiverChange, ReceiverView
from app.web.api.access.rules.entries import IfMatch, tagged, version_sent
from app.web.api.cursors import TextCursor, after, not_ours
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.fields import PlainText, Words
from app.web.security import Admin, SystemOf
from app.web.turns import FewTests

router = APIRouter(prefix="/v1/receivers", tags=["Receivers"])

ADDRESS = "a URL, a broker with the topic as its path, or an e-mail address; by the form"
SECRET = "the password at a broker; needed again with another address"  # noqa: S105
KINDS = "which alerts it gets; none: all but silent ones, which go only to receivers that name them"
LEAST = "the least severity that it gets"
QUIET = "id of a schedule; while it is open, messages wait and then go out as one; null: none"
ALWAYS = "whether critical alerts go out in quiet hours, too"
ENDED = "whether it also gets a message when the cause of an alert is over"
NAMES = "whether messages name people and quote what guards wrote"


class ReceiverPatch(Strict):
    """Only what is sent changes."""

    name: PlainText | None = Field(None, max_length=NAME_CHARS, examples=["Alarm centre"])
    address: str | None = Field(None, max_length=ADDRESS_CHARS, examples=[EXAMPLES[Form.WEBHOOK]], description=ADDRESS)
    user: str | None = Field(None, max_length=LOGIN_CHARS, description="the name at a broker")
    secret: str | None = Field(None, max_length=LOGIN_CHARS, description=SECRET)
    kinds: list[AlertKind] | None = Field(
        None, max_length=len(AlertKind), examples=[["door_forced"]], description=KINDS
    )
    least_severity: Severity | None = Field(None, description=LEAST)
    quiet_schedule: str | None = Field(None, max_length=64, description=QUIET)
    critical_always: bool | None = Field(None, description=ALWAYS)
    ended: bool | None = Field(None, description=ENDED)
    with_names: bool | None = Field(None, description=NAMES)
    enabled: bool | None = None

    def change(self) -> ReceiverChange:
        sent = self.model_dump(exclude_unset=True, exclude={"form", "kinds", "least_severity", "quiet_schedule"})
        quiet = (self.quiet_schedule or "") if "quiet_schedule" in self.model_fields_set else None
        kinds = None if self.kinds is None else frozenset(self.kinds) - NEVER
        return ReceiverChange(**sent, kinds=kinds, least=self.least_severity, quiet_schedule_id=quiet)


class ReceiverIn(ReceiverPatch):
    form: Form
    name: PlainText = Field(max_length=NAME_CHARS, examples=["Alarm centre"])
    address: str = Field(max_length=ADDRESS_CHARS, examples=[EXAMPLES[Form.WEBHOOK]], description=ADDRESS)


class DeliveryOut(BaseModel):
    """One change of an alert for one receiver."""

    id: str
    alert: str | None = Field(description="id of the alert; null for a test")
    kind: AlertKind | None = Field(description="of the alert; null for a test, and once the alert was removed")
    change: Change
    state: DeliveryState = Field(
        description="waiting: to be sent, or tried again; dropped: no reason was left to send it; given_up: in vain"
    )
    created_at: Moment
    tries: int
    next_try_at: Moment | None
    settled_at: Moment | None = Field(description="when it was delivered, given up or dropped")
    message: str = Field(description="id of the message it went out with; several may share one")
    answer: Words = Field(description="what the receiver said, or why it was not sent")

    @classmethod
    def of(cls, one: Delivery, kind: AlertKind | None = None) -> Self:
        kept = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return cls(**kept, alert=one.alert_id, kind=kind, message=one.message_id)


class ReceiverOut(BaseModel):
    id: str
    version: str = Field(description="changes with what an admin sets; send it back as If-Match")
    name: str
    form: Form
    address: str = Field(
        description="without the path of a webhook, which may be secret", examples=["https://x.example/…"]
    )
    user: str
    kinds: list[AlertKind] = Field(description=KINDS)
    least_severity: Severity = Field(description=LEAST)
    quiet_schedule: str | None = Field(description=QUIET)
    critical_always: bool = Field(description=ALWAYS)
    ended: bool = Field(description=ENDED)
    with_names: bool = Field(description=NAMES)
    enabled: bool
    created_at: Moment
    waiting: int = Field(description="how many deliveries wait")
    given_up: int = Field(description="how many were given up, of the last 30 days")
    failing: bool = Field(description="whether it does not take its messages")
    next: DeliveryOut | None = Field(description="what goes out next, or is tried again")
    last_delivered: DeliveryOut | None

    @classmethod
    def of(cls, view: ReceiverView) -> Self:
        receiver = view.receiver
        kept = {name: getattr(receiver, name) for name in cls.model_fields if hasattr(receiver, name)}
        return cls(
            **{
                **kept,
                "version": view.version,
                "address": view.address,
                "user": view.user,
                "kinds": sorted(receiver.kinds),
                "least_severity": receiver.least,
                "quiet_schedule": receiver.quiet_schedule_id,
                "waiting": view.waiting,
                "given_up": view.given_up,
                "failing": view.failing,
                "next": view.next and DeliveryOut.of(view.next),
                "last_delivered": view.last and DeliveryOut.of(view.last),
            }
        )


class NewReceiver(ReceiverOut):
    secret: str | None = Field(
        description="signs a webhook's messages; only this answer shows it", examples=["whsec_…"]
    )


class SecretOut(BaseModel):
    secret: str = Field(description="shown once", examples=["whsec_…"])


@router.post("", status_code=201, summary="Add a receiver", responses=CONFLICT)
def add(body: ReceiverIn, system: SystemOf, _: Admin) -> NewReceiver:
    """It gets alerts from now on. What a webhook gets is signed with the secret of this answer."""
    view, secret = system.outward.book.add(body.form, body.change())
    return NewReceiver(**dict(ReceiverOut.of(view)), secret=secret)


@router.get("", summary="List receivers", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[ReceiverOut]:
    return Page(items=[ReceiverOut.of(view) for view in system.outward.book.all()], next=None)


@router.get("/{receiver_id}", summary="Read a receiver", responses=ERRORS)
def read(receiver_id: str, system: SystemOf, _: Admin, response: Response) -> ReceiverOut:
    found = ReceiverOut.of(system.outward.book.get(receiver_id))
    tagged(response, found.version)
    return found


@router.patch("/{receiver_id}", summary="Change a receiver", responses=CONFLICT)
def change(
    receiver_id: str, body: ReceiverPatch, system: SystemOf, _: Admin, response: Response, if_match: IfMatch = None
) -> ReceiverOut:
    """What waits for one that is switched off is dropped."""
    changed = ReceiverOut.of(system.outward.book.change(receiver_id, body.change(), version_sent(if_match)))
    tagged(response, changed.version)
    return changed


@router.delete("/{receiver_id}", status_code=204, summary="Remove a receiver", responses=CONFLICT)
def remove(receiver_id: str, system: SystemOf, _: Admin, if_match: IfMatch = None) -> None:
    """Nothing more goes there, and what became of its messages is forgotten."""
    system.outward.book.remove(receiver_id, version_sent(if_match))


@router.post("/{receiver_id}/test", summary="Send a test to a receiver", responses=CONFLICT)
def test(receiver_id: str, system: SystemOf, _: Admin, _place: FewTests, request: Request) -> DeliveryOut:
    """Sends a message without alerts, now and once, and answers with what came of it."""
    return DeliveryOut.of(system.outward.sender.test(receiver_id, request.app.state.alert_letters))


@router.post("/{receiver_id}/secret", summary="Make another secret for a webhook", responses=CONFLICT)
def renew(receiver_id: str, system: SystemOf, _: Admin) -> SecretOut:
    """Messages are signed with it from the next on."""
    return SecretOut(secret=system.outward.book.renew_secret(receiver_id))


@router.get("/{receiver_id}/deliveries", summary="List what became of a receiver's messages", responses=ERRORS)
def deliveries(
    receiver_id: str,
    system: SystemOf,
    _: Admin,
    cursor: TextCursor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[DeliveryOut]:
    """Newest first. They are kept for 30 days after they ended."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise not_ours()
    before = None if cursor is None else int(cursor)
    found = system.outward.book.deliveries(receiver_id, limit + 1, before)
    more = after(str(found[limit - 1][0].place)) if len(found) > limit else None
    return Page(items=[DeliveryOut.of(one, kind) for one, kind in found[:limit]], next=more)
