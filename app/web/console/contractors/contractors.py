"""Contractors: the list of whose access ended or ends soon, and the page of one with sponsor and documents."""

from collections import Counter

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.contracts import ContractState
from app.core.types import Reason, Role
from app.services.access.contractors.contract_book import ShownContractor
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/contractors", "Contractors", "people", frozenset({Role.ADMIN}), section="people"),)

# The badge's kind comes second.
STATES: dict[ContractState, tuple[str, str]] = {
    ContractState.LAPSED: ("No access", "bad"),
    ContractState.SOON: ("Ends soon", "warn"),
    ContractState.VALID: ("Valid", "good"),
}
LAPSES: dict[Reason, str] = {
    Reason.SPONSOR_INACTIVE: "the sponsor is not active any more",
    Reason.SPONSOR_UNCONFIRMED: "not confirmed for 90 days",
    Reason.DOCUMENTS_EXPIRED: "a document has expired",
}


@router.get("/contractors", response_class=HTMLResponse)
def contractors(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    found = system.contractors.book.all()
    return render(
        request,
        "contractors/contractors.html",
        person,
        found=found,
        counts=Counter(one.state for one in found),
        states=STATES,
        lapses=LAPSES,
        groups=_groups(system),
        sends=system.contractors.watch.mailer is not None,
    )


@router.get("/contractors/{employee_id}", response_class=HTMLResponse)
def contractor(employee_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    """For somebody who is no contractor, a form that makes them one."""
    employee, clocks = system.enrolment.get(employee_id), system.site_clock.read()
    shown: ShownContractor | None = None
    if employee.contract is not None:
        shown = system.contractors.book.get(employee_id)
    return render(
        request,
        "contractors/contractor.html",
        person,
        employee=employee,
        shown=shown,
        states=STATES,
        lapses=LAPSES,
        today=clocks.today,
        sends=system.contractors.watch.mailer is not None,
    )


def _groups(system: SystemOf) -> list[str]:
    with system.store.read() as tx:
        return [group.name for group in tx.rules.all().groups]
