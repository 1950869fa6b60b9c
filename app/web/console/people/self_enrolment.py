"""The pages behind a self-enrolment link: consent or a card, then the camera. Nobody signs in."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import Refusal
from app.core.people.invitations import version_of
from app.core.site.settings import CONSENT
from app.web.console.mailed_link import into_cookie
from app.web.console.render import render
from app.web.language.catalog import ENGLISH, now, translated
from app.web.security import INVITATION, SystemOf, from_here, prefix_of
from app.wiring import System

router = APIRouter(include_in_schema=False)
Said = Literal["", "done", "declined", "withdrawn"]


@router.get("/enrol", response_class=HTMLResponse)
def show(request: Request, system: SystemOf, token: str = "", said: Said = "") -> Response:
    if token:
        return into_cookie(request, "/enrol", INVITATION, token)
    if said:
        return render(request, "people/enrol.html", None, step=said, site="", consent="", name="", problem="")
    try:
        invitation, employee = system.self_enrolment.open(_token(request))
    except Refusal as refusal:
        if (name := _enrolled(request, system)) is not None:
            return render(
                request, "people/enrol.html", None, step="enrolled", site="", consent="", name=name, problem=""
            )
        gone = {"step": "gone", "site": "", "consent": "", "name": "", "problem": refusal.detail}
        return render(request, "people/enrol.html", None, 404, **gone)
    step = "photos" if invitation.consented_at else "consent"
    site = system.site_clock.read().site
    consent = _consent(system, site)
    return render(
        request,
        "people/enrol.html",
        None,
        step=step,
        site=site,
        consent=consent,
        consent_version=version_of(consent),
        name=employee.name,
        problem="",
    )


@router.post("/enrol/consent")
def agree(request: Request, system: SystemOf, version: Annotated[str, Form(max_length=64)] = "") -> Response:
    """version: of the text that the person read. If an admin changed it meanwhile, they read the new one first."""
    from_here(request)
    clocks = system.site_clock.read()
    consent = _consent(system, clocks.site)
    system.self_enrolment.open(_token(request))
    if version == version_of(consent):
        language = _language(system)
        system.self_enrolment.consent(_token(request), consent, clocks.today, language)
    return RedirectResponse("/enrol", 303)


@router.post("/enrol/decline")
def decline(request: Request, system: SystemOf) -> Response:
    from_here(request)
    system.self_enrolment.decline(_token(request))
    return _ended(request, "declined")


@router.post("/enrol/withdraw")
def withdraw(request: Request, system: SystemOf) -> Response:
    """By the link with which the person enrolled: their face is erased at once."""
    from_here(request)
    system.self_enrolment.withdraw(_token(request))
    return _ended(request, "withdrawn")


def _enrolled(request: Request, system: System) -> str | None:
    """The name of whoever enrolled by this link and may withdraw that."""
    try:
        return system.self_enrolment.enrolled(_token(request))[1].name
    except Refusal:
        return None


def _ended(request: Request, said: Said) -> Response:
    answer = RedirectResponse(f"/enrol?said={said}", 303)
    answer.delete_cookie(INVITATION, path=f"{prefix_of(request)}/enrol")
    return answer


def _language(system: System) -> str:
    """The language of the text of consent: the site's own has the language of the site."""
    settings = system.site_settings.get()
    return (settings.language or ENGLISH) if settings.consent_text else now().language


def _token(request: Request) -> str:
    return request.cookies.get(INVITATION, "")


def _consent(system: System, site: str) -> str:
    """The text of consent for this site. Ours is in the language of the page; its version is that of what is read."""
    own = system.site_settings.get().consent_text
    return own.replace("{site}", site) if own else translated(CONSENT, site=site)
