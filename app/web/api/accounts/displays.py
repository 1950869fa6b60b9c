"""Displays: screens on the wall that show the live page and the alerts, and can do nothing."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.services.accounts.displays import Display, NewCode
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/displays", tags=["Displays"])


class DisplayIn(Strict):
    name: PlainText = Field(max_length=64, examples=["Guard room"])


class DisplayOut(BaseModel):
    id: str
    name: str
    created_at: Moment
    seen_at: Moment | None = Field(description="its last request, to a minute; null: no browser shows it")
    ends_at: Moment | None = Field(description="when its browser needs a new code")
    address: str | None
    agent: str | None = Field(description="how its browser describes itself")

    @classmethod
    def of(cls, display: Display) -> "DisplayOut":
        user, session = display.user, display.session
        return cls(
            id=user.id,
            name=user.name,
            created_at=user.created_at,
            seen_at=session.seen_at if session else None,
            ends_at=session.ends_at if session else None,
            address=session.address if session else None,
            agent=session.agent if session else None,
        )


class CodeOut(BaseModel):
    """A code that opens the display in one browser, once. Type it there at /display."""

    display: DisplayOut
    code: str = Field(examples=["K7QM-3XHD"], description="shown once")
    expires_at: Moment

    @classmethod
    def of(cls, made: NewCode) -> "CodeOut":
        return cls(display=DisplayOut.of(made.display), code=made.code, expires_at=made.expires_at)


@router.post("", status_code=201, summary="Add a display and make its code", responses=CONFLICT)
def add(body: DisplayIn, system: SystemOf, _: Admin) -> CodeOut:
    """The code works once, for 15 minutes. The browser in which it is typed shows the site for eight weeks."""
    return CodeOut.of(system.accounts.displays.add(body.name))


@router.get("", summary="List displays", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[DisplayOut]:
    return Page(items=[DisplayOut.of(display) for display in system.accounts.displays.all()], next=None)


@router.post("/{display_id}/code", summary="Make another code for a display", responses=CONFLICT)
def renew(display_id: str, system: SystemOf, _: Admin) -> CodeOut:
    """Earlier codes end. The browser that shows the display goes on until the new code is typed in another."""
    return CodeOut.of(system.accounts.displays.renew(display_id))


@router.delete("/{display_id}", status_code=204, summary="Revoke a display", responses=CONFLICT)
def revoke(display_id: str, system: SystemOf, _: Admin) -> None:
    """Its browser shows nothing more: its next request is refused."""
    system.accounts.displays.revoke(display_id)
