"""Imports for admins: upload files, read the report row by row, apply it, and see earlier imports."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.imports.people_encodings import CODECS
from app.core.imports.people_file import COLUMNS
from app.core.imports.reports import OPEN, ImportState, RowOutcome
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/imports", "Imports", "import", frozenset({Role.ADMIN}), section="people"),)

# Word and kind of the badge, by state.
WORDS: dict[ImportState, tuple[str, str]] = {
    ImportState.WAITING: ("waiting", "info"),
    ImportState.RUNNING: ("running", "info"),
    ImportState.CHECKED: ("checked, not applied", "warn"),
    ImportState.DONE: ("done", "good"),
    ImportState.CANCELLED: ("cancelled", ""),
    ImportState.FAILED: ("failed", "bad"),
}


@router.get("/imports", response_class=HTMLResponse)
def find(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    most = system.settings.max_import_mb
    jobs = system.import_reports.all()
    return render(
        request,
        "imports/imports.html",
        person,
        jobs=jobs,
        words=WORDS,
        columns=COLUMNS,
        encodings=list(CODECS),
        most_mb=most,
    )


@router.get("/imports/{import_id}", response_class=HTMLResponse)
def one(import_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    job, counts = system.import_reports.get(import_id)
    choices = {"problems": "With problems", **{o.value: o.value.capitalize() for o in RowOutcome}, "all": "All"}
    return render(
        request,
        "imports/import.html",
        person,
        job=job,
        counts=counts,
        words=WORDS,
        choices=choices,
        running=job.state in OPEN,
        can_apply=job.state is ImportState.CHECKED,
    )
