"""The pages of those who get alerts outside: the list, and a page for each with what became of its messages."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.schedules import Schedule
from app.core.alerts.alert import SILENT, AlertKind
from app.core.alerts.receivers import EXAMPLES, NEVER
from app.core.types import Role
from app.services.alerts.outward.receiver_book import ReceiverView
from app.web.console.alerts.words import CHANGES, FORMS, STATES
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.console.words import ALERTS
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/receivers", "Alert receivers", "send", frozenset({Role.ADMIN}), section="settings"),)
SHOWN = 50


@router.get("/receivers", response_class=HTMLResponse)
def receivers(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(request, "alerts/receivers.html", person, receivers=system.outward.book.all(), forms=FORMS)


@router.get("/receivers/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return _page(request, system, person, None)


@router.get("/receivers/{receiver_id}", response_class=HTMLResponse)
def receiver(receiver_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return _page(request, system, person, system.outward.book.get(receiver_id))


def _page(request: Request, system: SystemOf, person: AdminPage, view: ReceiverView | None) -> HTMLResponse:
    with system.store.read() as tx:
        schedules: tuple[Schedule, ...] = tx.rules.all().schedules
    kinds = {kind: words for kind, words in ALERTS.items() if AlertKind(kind) not in NEVER}
    sent = [] if view is None else system.outward.book.deliveries(view.receiver.id, SHOWN)
    return render(
        request,
        "alerts/receiver.html",
        person,
        view=view,
        forms=FORMS,
        mails=system.outward.book.mails,
        examples=EXAMPLES,
        schedules=schedules,
        kinds=kinds,
        silent=SILENT,
        sent=sent,
        states=STATES,
        changes=CHANGES,
        words=ALERTS,
    )
