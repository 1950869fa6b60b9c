"""The page of the directories that send people: keys, runs, what was ignored, and who waits for an admin."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.scim.routes import PREFIX
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/directories", "Directories", "import", frozenset({Role.ADMIN}), section="settings"),)
# What a run did, in the order in which it matters.
COUNTS = {
    "off": "taken off the doors",
    "erased": "erased",
    "held": "wait for you",
    "added": "added",
    "back": "active again",
    "changed": "changed",
    "refused": "requests refused",
}


@router.get("/directories", response_class=HTMLResponse)
def directories(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(
        request,
        "accounts/directories.html",
        person,
        directories=system.directories.views(),
        held=system.directories.held(),
        counts=COUNTS,
        address=str(request.base_url).rstrip("/") + PREFIX,
    )
