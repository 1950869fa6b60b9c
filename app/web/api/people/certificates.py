"""Certificates of erasures: what was removed, what was searched for, and what is left."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.people.certificates import Asker, Certificate, Place, Scope
from app.core.people.traces import Term
from app.services.people.certificates.certificate_book import signed
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1", tags=["Employees"])


class CertificateRow(BaseModel):
    id: str
    employee_id: str = Field(description="of the erased person; it leads to nobody any more")
    asked_at: Moment
    scope: Scope = Field(description="the whole person, or their face alone")
    found: int | None = Field(description="how much is left; null while the search is running")
    complete: bool | None = Field(description="whether everything could be searched; null while the search is running")

    @classmethod
    def of(cls, one: Certificate) -> "CertificateRow":
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class _Part(BaseModel):
    """What a later version adds is handed on, since the signature covers it."""

    model_config = ConfigDict(extra="allow")


class AskedOut(_Part):
    at: str
    by: Asker | None = None
    reference: str = Field("", description="the id of the user or key; empty for a command, a link and retention")
    way: str = Field("", examples=["DELETE /v1/employees/{employee_id}"])


class SearchOut(_Part):
    complete: bool = Field(
        description="false: something could not be searched, see not_searched; or, if that is empty, the process that "
        "knew what to search for ended first"
    )
    found: int = Field(description="how much is left in all places")
    began_at: str | None = None
    ended_at: str
    terms: dict[Term, int] = Field({}, description="how many pieces of each kind were searched for")
    too_short: list[Term] = Field([], description="texts that any large file has by chance: not searched in files")


class PlaceOut(_Part):
    place: Place
    what: str = Field(examples=["sqlite_files"])
    size: int = Field(description="bytes that were read; in the index and caches, how many entries")
    found: int


class NotSearchedOut(_Part):
    place: Place
    where: str = Field(examples=["backup.tar"], description="a file, folder or import; `all of it`: the whole place")


class LeftOut(_Part):
    place: Place
    where: str = Field(examples=["write_ahead_log"], description="a table, file, cache or import")
    term: Term = Field(description="what it is of; never what it is")
    count: int


class HeldOut(_Part):
    name: str
    made_at: str
    kept_until: str | None = Field(description="when newer ones take its place; null: when somebody deletes it")


class CertificateOut(_Part):
    """Signed: `signature` is Ed25519 over the canonical JSON of the other fields. Save it as it is."""

    certificate: str = Field(examples=["erasure"])
    format: int
    id: str
    person: str
    scope: Scope
    asked: AskedOut
    receipt: str | None = Field(None, description="of the erasure, its id; null where retention removed a face")
    removed: dict[str, int] = Field({}, description="rows by table; events stay in the log without name and details")
    keys_destroyed: int = 0
    search: SearchOut
    places: list[PlaceOut]
    not_searched: list[NotSearchedOut] = Field([], description="what could not be read; it may hold anything")
    left: list[LeftOut]
    backups: list[HeldOut] = Field(
        description="those from before that still exist: what they have of the person does not open, and a restore "
        "removes it again"
    )
    signature: str


@router.get("/erasure-certificates", summary="List certificates of erasures", responses=ERRORS)
def certificates(
    system: SystemOf, _: Admin, cursor: IdCursor, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[CertificateRow]:
    """Newest first."""
    found = system.certificates.all(limit + 1, cursor)
    more = found[limit - 1].id if len(found) > limit else None
    return Page(items=[CertificateRow.of(one) for one in found[:limit]], next=more)


@router.get(
    "/erasure-certificates/{certificate_id}",
    summary="Read a certificate of an erasure",
    responses=CONFLICT,
    response_model=CertificateOut,
    response_model_exclude_unset=True,
)
def certificate(certificate_id: str, system: SystemOf, _: Admin) -> Mapping[str, Any]:
    """409 `certificate_pending` until its search has ended, some seconds after the erasure."""
    return signed(system.certificates.get(certificate_id))


@router.get(
    "/employees/{employee_id}/erasure-certificate",
    summary="Read the certificate of somebody's erasure",
    responses=CONFLICT,
    response_model=CertificateOut,
    response_model_exclude_unset=True,
)
def of_person(employee_id: str, system: SystemOf, _: Admin) -> Mapping[str, Any]:
    """The newest one, by the id that the erased person had. 409 `certificate_pending` until its search has ended."""
    return system.certificates.of(employee_id)
