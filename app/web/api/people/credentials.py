"""Credentials: the badges and PINs of people, and what gates' readers read."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat, readings, typed, typed_hex
from app.core.credentials.stored import CredentialKind
from app.core.errors import NotFound
from app.core.gates.gate import Gate
from app.services.access.credentials.credential_book import ShownCredential
from app.services.access.credentials.pass_book import GivenPass
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.fields import PlainText
from app.web.passes.picture import drawn
from app.web.security import Admin, SystemOf
from app.wiring import System

router = APIRouter(prefix="/v1", tags=["Credentials"])
HEXADECIMAL = "the number is hex digits without a mark, as a reader at a keyboard types them: 04A1B2C3"
NUMBER = "in the format, such as 12-4711 with a facility code; or the bits as read, such as 26:860933C0"


class CredentialOut(BaseModel):
    id: str
    employee: str = Field(description="id")
    kind: CredentialKind
    last_four: str = Field(examples=["4711"], description="empty for a PIN")
    bits: int = Field(examples=[26], description="0 for a PIN")
    card_format: CardFormat
    actor: str = Field(description="who gave it to them")
    created_at: Moment
    starts_at: Moment | None = Field(description="of a QR pass")
    ends_at: Moment | None = Field(description="of a QR pass; for four hours more it lets its holder out")
    once: bool | None = Field(description="a QR pass that lets its holder in once")
    used_at: Moment | None = Field(description="when its holder went in, for one that lets them in once")

    @classmethod
    def of(cls, shown: ShownCredential) -> Self:
        one = shown.credential
        fields = {
            name: getattr(one, name)
            for name in (
                "id",
                "kind",
                "card_format",
                "actor",
                "created_at",
                "starts_at",
                "ends_at",
                "once",
                "used_at",
            )
        }
        return cls(**fields, employee=one.employee_id, last_four=shown.last_four, bits=shown.bits)


class PassOut(CredentialOut):
    token: str = Field(description="what the QR code holds: whoever has it passes as the holder")
    qr: str = Field(description="the code as an SVG in a `data:` address")

    @classmethod
    def given(cls, one: GivenPass, system: System) -> Self:
        known = CredentialOut.of(system.credentials.get(one.credential.id))
        return cls(**known.model_dump(), token=one.token, qr=drawn(one.token))


class PinOut(CredentialOut):
    pin: str = Field(examples=["402913"], description="its digits, which nobody can read again")


class CredentialIn(Strict):
    """A badge by its number or the gate that read it; a QR pass by its dates; a PIN by nothing, as it is drawn."""

    employee: str = Field(max_length=64, description="id")
    kind: CredentialKind = CredentialKind.BADGE
    card_format: CardFormat = Field(CardFormat.RAW, description="in which the number is typed and shown")
    number: PlainText | None = Field(None, min_length=1, max_length=160, examples=["12-4711"], description=NUMBER)
    hexadecimal: bool = Field(False, description=HEXADECIMAL)
    gate: PlainText | None = Field(
        None, min_length=1, max_length=64, description="name or id: the unknown badge last read there"
    )
    starts_at: When | None = Field(None, description="of a QR pass; none: now")
    ends_at: When | None = Field(None, description="of a QR pass, within a year")
    once: bool = Field(False, description="a QR pass that lets its holder in once")

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if self.kind is CredentialKind.QR:
            if self.ends_at is None or self.number is not None or self.gate is not None:
                raise ValueError("send the end of the QR pass, and neither a number nor a gate")
            return self
        if self.starts_at is not None or self.ends_at is not None or self.once:
            raise ValueError("only a QR pass has dates")
        if self.kind.is_pin and (self.number, self.gate) != (None, None):
            raise ValueError("a PIN is drawn at random: send neither a number nor a gate")
        if not self.kind.is_pin and (self.number is None) == (self.gate is None):
            raise ValueError("send the number, or the gate at which the badge was read")
        return self


class NumberIn(Strict):
    number: PlainText = Field(min_length=1, max_length=160, examples=["12-4711"], description=NUMBER)
    card_format: CardFormat = CardFormat.RAW
    hexadecimal: bool = Field(False, description=HEXADECIMAL)


class BadgeOut(BaseModel):
    """The bits of a badge, and its number in each format that they fit."""

    bits: int = Field(examples=[26])
    hex: str = Field(examples=["860933C0"], description="whole bytes: the bits in order, filled up with zeros")
    numbers: dict[CardFormat, str] = Field(examples=[{"h10301": "12-4711"}])

    @classmethod
    def of(cls, badge: Badge) -> Self:
        numbers = {card_format: str(number) for card_format, number in readings(badge).items()}
        return cls(bits=badge.bits, hex=badge.hex, numbers=numbers)


class UnknownBadge(BadgeOut):
    at: Moment


class ReaderOut(BaseModel):
    gate: str
    badge_format: CardFormat
    unknown_badge: UnknownBadge | None = Field(
        description="the last one that nobody has, for two minutes after it was read"
    )

    @classmethod
    def at(cls, system: System, gate: Gate) -> Self:
        try:
            read = system.credentials.last_read(gate.id)
        except NotFound:
            return cls(gate=gate.name, badge_format=gate.badge_format, unknown_badge=None)
        badge = UnknownBadge(**BadgeOut.of(read.badge).model_dump(), at=read.at)
        return cls(gate=gate.name, badge_format=gate.badge_format, unknown_badge=badge)


@router.get("/credentials", summary="List a person's credentials", responses=ERRORS)
def find(
    system: SystemOf, _: Admin, employee: Annotated[PlainText, Query(max_length=64, description="id")]
) -> Page[CredentialOut]:
    """Oldest first. Their numbers are not shown again, only the last four digits."""
    return Page(items=[CredentialOut.of(one) for one in system.credentials.of(employee)], next=None)


@router.post("/credentials", status_code=201, summary="Give a person a badge, QR pass or PIN", responses=CONFLICT)
def give(body: CredentialIn, system: SystemOf, who: Admin) -> PassOut | PinOut | CredentialOut:
    """It opens from the next decision on, where and when a rule lets the person in. 409 if somebody has the badge.

    The answer for a QR pass holds its code, which `/credentials/{credential}/pass` gives again.

    A PIN has six random digits and takes the place of the last one; the answer shows it, once. With a duress PIN, the
    gate opens as with the PIN, and guards get the alert `duress`. 409 if the person has no PIN yet.
    """
    book = system.credentials
    if body.kind.is_pin:
        issued = system.pins.issue(body.employee, body.kind, who.name)
        shown = CredentialOut.of(book.get(issued.credential.id))
        return PinOut(**shown.model_dump(), pin=issued.digits)
    if body.kind is CredentialKind.QR:
        starts, ends = body.starts_at or system.clock(), body.ends_at
        assert ends is not None
        return PassOut.given(system.passes.give(body.employee, starts, ends, who.name, once=body.once), system)
    if body.number is not None:
        badge = _typed(body.number, body.card_format, body.hexadecimal)
        return CredentialOut.of(book.give(body.employee, badge, body.card_format, who.name))
    gate = system.gates.get(body.gate or "")
    return CredentialOut.of(book.give_read(body.employee, gate.id, body.card_format, who.name))


@router.post("/credentials/preview", summary="What a typed badge number means", responses=ERRORS)
def preview(body: NumberIn, _: Admin) -> BadgeOut:
    """Stores nothing."""
    return BadgeOut.of(_typed(body.number, body.card_format, body.hexadecimal))


@router.get("/credentials/{credential}", summary="Read a credential", responses=ERRORS)
def read(credential: str, system: SystemOf, _: Admin) -> CredentialOut:
    return CredentialOut.of(system.credentials.get(credential))


@router.get("/credentials/{credential}/pass", summary="Show a QR pass", responses=ERRORS)
def show_pass(credential: str, system: SystemOf, _: Admin) -> PassOut:
    """The audit trail notes who looked."""
    shown = system.passes.shown(credential)
    system.trail.seen("qr_pass", credential, shown.credential.employee_id)
    return PassOut.given(shown, system)


@router.delete("/credentials/{credential}", status_code=204, summary="Take a credential back", responses=CONFLICT)
def take_back(credential: str, system: SystemOf, _: Admin) -> None:
    """It opens nothing from the next decision on. A badge can then be given to somebody else; with a PIN goes the
    duress PIN.
    """
    system.credentials.take_back(credential)


@router.get("/readers", summary="List the gates' badge readers", responses=ERRORS)
def readers(system: SystemOf, _: Admin) -> Page[ReaderOut]:
    """A gate has one reader. What it reads is set at the gate, as `badge_format`."""
    return Page(items=[ReaderOut.at(system, gate) for gate in system.gates.all()], next=None)


@router.get("/readers/{gate}", summary="Read a gate's badge reader", responses=ERRORS)
def reader(gate: str, system: SystemOf, _: Admin) -> ReaderOut:
    return ReaderOut.at(system, system.gates.get(gate))


def _typed(number: str, card_format: CardFormat, hexadecimal: bool) -> Badge:
    return typed_hex(number, card_format) if hexadecimal else typed(number, card_format)
