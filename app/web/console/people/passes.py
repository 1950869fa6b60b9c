"""The page that shows a person's QR pass, to be printed."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.web.console.render import render
from app.web.console.session import AdminPage
from app.web.passes.picture import drawn
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)


@router.get("/passes/{credential}", response_class=HTMLResponse)
def show(credential: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    """The audit trail notes who looked."""
    given = system.passes.shown(credential)
    holder = system.enrolment.get(given.credential.employee_id)
    system.trail.seen("qr_pass", credential, holder.id)
    return render(request, "people/pass.html", person, given=given, holder=holder, qr=drawn(given.token))
