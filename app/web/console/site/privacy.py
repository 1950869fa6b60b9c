"""Privacy: the facts of a data protection impact assessment, to read and to print, and certificates of erasures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.canonical import moment
from app.core.people.certificates import Asker, Certificate, Place, Scope
from app.core.people.traces import Term
from app.core.types import Role
from app.services.alerts.alert_list import actors
from app.services.people.certificates.certificate_book import EVERYWHERE
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/privacy", "Privacy", "lock", frozenset({Role.ADMIN}), section="settings"),)
NEWEST, ROWS = 5, 50
CERTIFICATES = "/settings/privacy/certificates"

SCOPES = {Scope.PERSON: "The whole person", Scope.FACE: "Their face alone"}
ASKERS = {
    Asker.USER: "A user",
    Asker.KEY: "An API key",
    Asker.DIRECTORY: "A directory",
    Asker.COMMAND: "A command on the machine",
    Asker.LINK: "The person, by their link",
    Asker.RETENTION: "Retention: its time was over",
}
PLACES = {
    Place.DATABASE: "Database",
    Place.INDEX: "Index of faces",
    Place.CACHES: "Memory of this process",
    Place.IMPORTS: "Imports, waiting and ended",
    Place.FILES: "Journals, keys and other files",
}
WHAT = {
    "sqlite_files": "every byte, with free pages and the write-ahead log",
    "rows": "every column of every row",
    "index": "all entries",
    "caches": "all entries",
    "imports": "files that wait and reports, opened",
    "files": "the whole data folder",
}
TERMS = {
    Term.NAME: "Name",
    Term.NUMBER: "Number",
    Term.EMAIL: "E-mail address",
    Term.EXTERNAL_ID: "Id in the directory",
    Term.ATTRIBUTE: "Other data of the directory",
    Term.BADGE: "Badge or card",
    Term.PHOTO: "Photo",
    Term.EMBEDDING: "Template or embedding",
    Term.SEALED: "Encrypted data",
    Term.KEY: "Key",
    Term.LINK: "Link to the person",
}
REMOVED = {
    "employees": "Name, number, e-mail address and card",
    "photos": "Photos",
    "templates": "Templates",
    "next_templates": "Templates of another pack",
    "embeddings": "Embeddings of another pack",
    "credentials": "Badges, PINs and passes",
    "pin_tries": "Wrong tries of a PIN",
    "pin_waits": "Gates that waited for a PIN",
    "badge_reads": "Badges that were just read",
    "consents": "Consents",
    "invitations": "Self-enrolment links",
    "visits": "Visits",
    "documents": "Documents of a contractor",
    "sponsor_reminders": "Reminders of a sponsor",
    "grants": "Temporary grants",
    "rule_people": "Places in rules",
    "presences": "Where they were last",
    "passages": "Passages in progress",
    "muster_ticks": "Ticks of the muster list",
    "directory_people": "Entries of a directory",
    "import_rows": "Rows of import reports",
    "events": "Events, which stay in the log without name and details",
}


@dataclass(frozen=True)
class Row:
    certificate: Certificate

    @property
    def scope(self) -> str:
        return SCOPES[self.certificate.scope]

    @property
    def found(self) -> int | None:
        return self.certificate.found

    @property
    def complete(self) -> bool:
        return self.certificate.complete is not False


@router.get("/settings/privacy", response_class=HTMLResponse)
def privacy(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(
        request,
        "site/privacy/privacy.html",
        person,
        made_at=system.clock(),
        assessment=system.assessment.sections(),
        rows=[Row(one) for one in system.certificates.all(NEWEST)],
        certificates=CERTIFICATES,
    )


@router.get(CERTIFICATES, response_class=HTMLResponse)
def certificates(
    request: Request, system: SystemOf, person: AdminPage, before: Annotated[str | None, Query(max_length=64)] = None
) -> HTMLResponse:
    found = system.certificates.all(ROWS + 1, before)
    return render(
        request,
        "site/privacy/certificates.html",
        person,
        rows=[Row(one) for one in found[:ROWS]],
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        certificates=CERTIFICATES,
    )


@router.get(CERTIFICATES + "/of/{employee_id}")
def of_person(employee_id: str, system: SystemOf, person: AdminPage) -> Response:
    """Leads to the newest certificate of somebody who was just erased."""
    return RedirectResponse(f"{CERTIFICATES}/{system.certificates.id_of(employee_id)}", 303)


@router.get(CERTIFICATES + "/{certificate_id}", response_class=HTMLResponse)
def certificate(certificate_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    found = system.certificates.get(certificate_id)
    document: Mapping[str, Any] = found.document or {}
    asked = document.get("asked", {})
    with system.store.read() as tx:
        names = actors(tx)
    return render(
        request,
        "site/privacy/certificate.html",
        person,
        row=Row(found),
        document=document or None,
        asker=ASKERS.get(asked.get("by", ""), ""),
        asked_by=names.get(asked.get("reference", ""), ""),
        asked_way=asked.get("way", ""),
        reference=asked.get("reference", ""),
        removed=[(REMOVED.get(name, name), count) for name, count in document.get("removed", {}).items()],
        missed=document.get("not_searched", []),
        everywhere=EVERYWHERE,
        terms=TERMS,
        places=PLACES,
        what=WHAT,
        moment=moment,
    )
