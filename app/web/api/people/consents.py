"""Consents of people: listed, recorded, withdrawn."""

from datetime import date
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.errors import BadField
from app.core.people.consents import Consent, ConsentHow
from app.core.site.settings import CONSENT
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Strict
from app.web.language.catalog import ENGLISH, LANGUAGES, catalog, filled
from app.web.security import Admin, SystemOf
from app.wiring import System

router = APIRouter(prefix="/v1/employees/{employee_id}/consents", tags=["Employees"])


class ConsentOut(BaseModel):
    """One consent to being recognised by one's face."""

    id: str
    given_on: date
    recorded_at: Moment
    how: ConsentHow = Field(
        description="`link`: by the person, with their self-enrolment link; `recorded`: written down by somebody; "
        "`dated`: only the day is known, from a form or an import"
    )
    actor: str | None = Field(description="who wrote it down; null for the person")
    text: str | None
    version: str | None = Field(description="identifies the text")
    language: str | None = Field(examples=["de"])
    stands: bool
    withdrawn_at: Moment | None
    withdrawn_how: ConsentHow | None
    withdrawn_by: str | None
    erased_photos: int | None = Field(description="how many photos the withdrawal erased")

    @classmethod
    def of(cls, consent: Consent) -> Self:
        return cls(**{name: getattr(consent, name) for name in cls.model_fields})


class ConsentsOut(BaseModel):
    items: list[ConsentOut]
    next: None = None


class ConsentIn(Strict):
    given_on: date | None = Field(None, description="when they agreed; null: today, on the site's clock")
    language: str = Field(ENGLISH, max_length=8, description="of the text that they agreed to", examples=["de"])


class WithdrawnOut(BaseModel):
    erased_photos: int


@router.get("", summary="List a person's consents", responses=ERRORS)
def consents(employee_id: str, system: SystemOf, _: Admin) -> ConsentsOut:
    """Newest first, withdrawn ones too."""
    return ConsentsOut(items=[ConsentOut.of(one) for one in system.consents.of(employee_id)])


@router.post("", status_code=201, summary="Record a consent", responses=ERRORS)
def record(employee_id: str, body: ConsentIn, system: SystemOf, _: Admin) -> ConsentOut:
    """For a consent on paper or by word. Its text is the site's own, or ours in the language that is named."""
    if body.language not in LANGUAGES:
        raise BadField("bad_language", f"The language is one of {', '.join(LANGUAGES)}.", "language")
    clocks = system.site_clock.read()
    given_on = body.given_on or clocks.today
    if given_on > clocks.today:
        raise BadField("bad_consent_day", "A consent cannot be from a day to come.", "given_on")
    text, language = consent_text(system, clocks.site, body.language)
    return ConsentOut.of(system.consents.record(employee_id, given_on, text, language))


@router.post("/withdraw", summary="Withdraw a person's consent", responses=CONFLICT)
def withdraw(employee_id: str, system: SystemOf, _: Admin) -> WithdrawnOut:
    """Erases photos and template at once, here and in every restored backup. Person, badges and rules stay."""
    return WithdrawnOut(erased_photos=system.consents.withdraw(employee_id))


def consent_text(system: System, site: str, language: str) -> tuple[str, str]:
    """What people agree to at this site, and its language. The site's own text has the language of the site."""
    settings = system.site_settings.get()
    if settings.consent_text:
        return settings.consent_text.replace("{site}", site), settings.language or ENGLISH
    return filled(catalog(language).pattern(CONSENT), {"site": site}), language
