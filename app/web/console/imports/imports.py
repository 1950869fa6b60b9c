"""Imports for admins: upload files, read the report row by row, apply it, and see earlier imports."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.imports.people_encodings import CODECS
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
    ImportState.UNMAPPED: ("waiting for its columns", "warn"),
    ImportState.CHECKED: ("checked, not applied", "warn"),
    ImportState.DONE: ("done", "good"),
    ImportState.CANCELLED: ("cancelled", ""),
    ImportState.FAILED: ("failed", "bad"),
}


# What a person chooses for a column of the file: ours, and for a name its place among the parts.
CHOICES = (
    ("number", "Number (required)"),
    ("name", "Name (required)"),
    ("name:2", "Name, 2nd part"),
    ("name:3", "Name, 3rd part"),
    ("name:4", "Name, 4th part"),
    ("name:5", "Name, 5th part"),
    ("email", "E-mail"),
    ("status", "Status: active or inactive"),
    ("valid_from", "Valid from"),
    ("valid_until", "Valid until"),
    ("groups", "Groups"),
    ("legal_basis", "Legal basis"),
    ("consent_at", "Day of consent"),
    ("card_number", "Card number"),
    ("photos", "Names of photos"),
)
ORDERS = (
    ("", "As the dates themselves show"),
    ("day_first", "The day is first: 31.12.2027"),
    ("month_first", "The month is first: 12/31/2027"),
)


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
        encodings=list(CODECS),
        most_mb=most,
    )


@router.get("/imports/{import_id}", response_class=HTMLResponse)
def one(import_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    job, counts = system.import_reports.get(import_id)
    choices = {
        "problems": "With problems",
        "unrecognisable": "Cannot be recognised",
        **{o.value: o.value.capitalize() for o in RowOutcome},
        "all": "All",
    }
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
        unmapped=job.state is ImportState.UNMAPPED,
    )


@router.get("/imports/{import_id}/columns", response_class=HTMLResponse)
def columns(import_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    """What the columns of the file mean, to be chosen."""
    job, _ = system.import_reports.get(import_id)
    found = system.imports.mappings.columns(import_id)
    mapping = found.mapping.columns if found.mapping else found.preview.guess
    return render(
        request,
        "imports/columns.html",
        person,
        job=job,
        columns=[(one, _chosen(one.title, mapping)) for one in found.preview.columns],
        line=found.preview.header.line,
        choices=CHOICES,
        orders=ORDERS,
        order=found.mapping.dates if found.mapping else None,
        own=found.own,
        asks=job.state is ImportState.UNMAPPED,
    )


def _chosen(title: str, mapping: Mapping[str, tuple[str, ...]]) -> str:
    """Returns the choice for a column of the file; empty if it is not read."""
    for name, titles in mapping.items():
        if title in titles:
            place = titles.index(title) + 1
            return f"{name}:{place}" if name == "name" and place > 1 else name
    return ""
