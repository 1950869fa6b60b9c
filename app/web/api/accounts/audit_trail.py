"""The audit trail: who changed, saw or took away what."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.core.accounts.trail import Action, TrailEntry, TrailFilter
from app.services.alerts.alert_list import actors
from app.web.api.cursors import IdCursor
from app.web.api.describe import ERRORS
from app.web.api.people.photos import PRIVATE
from app.web.api.schemas import Moment, Page, When
from app.web.csv_file import CSV, csv_lines
from app.web.security import Admin, SystemOf
from app.web.turns import FewExports, FewLists, resting
from app.wiring import System

router = APIRouter(prefix="/v1", tags=["Users"])

Id = Annotated[str | None, Query(max_length=64)]
Kind = Annotated[str | None, Query(max_length=64, description="gate, person, photo, rule, user, key, ...")]
Since = Annotated[When | None, Query(alias="from")]
Until = Annotated[When | None, Query(alias="to")]
CSV_PAGE = 500
CSV_COLUMNS = ("at", "by", "address", "way", "action", "kind", "subject", "label", "person", "field", "before", "after")


class FieldOut(BaseModel):
    name: str
    before: Any = Field(None, description="null: there was none, or it is not kept")
    after: Any = Field(None, description="null: there is none, or it is not kept")
    kept: bool = Field(description="false: the values name somebody or are secret, so only the change is recorded")


class TrailEntryOut(BaseModel):
    id: str
    at: Moment
    actor: str | None = Field(
        description="the id of the user or key; null: a command, or somebody before they signed in"
    )
    by: str = Field(description="the name of the user or key")
    address: str = Field(description="where it came from; for a command, the account of the machine")
    way: str = Field(description="the call or the command", examples=["PATCH /v1/gates/{gate}"])
    action: Action
    kind: str
    subject: str
    label: str = Field(description="its name then")
    person: str | None = Field(description="the id of the employee it is about")
    fields: list[FieldOut]

    @classmethod
    def of(cls, entry: TrailEntry, names: dict[str, str]) -> "TrailEntryOut":
        fields = [FieldOut(name=f.name, before=f.before, after=f.after, kept=not f.hidden) for f in entry.fields]
        return cls(**vars(entry) | {"by": _by(entry, names), "fields": fields})


async def chosen(
    actor: Id = None,
    kind: Kind = None,
    subject: Id = None,
    person: Id = None,
    action: Action | None = None,
    since: Since = None,
    until: Until = None,
) -> TrailFilter:
    return TrailFilter(actor, kind, subject, person, action, since, until)


Chosen = Annotated[TrailFilter, Depends(chosen)]


@router.get("/audit-trail", summary="List who changed what, newest first", responses=ERRORS)
def find(
    system: SystemOf,
    _: Admin,
    _turn: FewLists,
    chosen: Chosen,
    cursor: IdCursor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[TrailEntryOut]:
    """Changes by people, keys and commands; who looked at photos; who took a file away.

    `GET /v1/retention` says for how long entries are kept.
    """
    found, names = system.trail.find(replace(chosen, before=cursor, limit=limit + 1)), _names(system)
    return Page(
        items=[TrailEntryOut.of(entry, names) for entry in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.get("/audit-trail.csv", summary="The audit trail as CSV", responses=ERRORS, response_class=StreamingResponse)
def as_csv(system: SystemOf, _: Admin, _turn: FewExports, chosen: Chosen) -> StreamingResponse:
    """A line for each field that changed. Times are in UTC."""
    names = _names(system)
    system.trail.exported("audit_trail")

    def rows() -> Iterator[Iterable[object]]:
        yield CSV_COLUMNS
        rest, before = resting(), None
        while page := system.trail.find(replace(chosen, before=before, limit=CSV_PAGE)):
            for entry in page:
                rest()
                about = (entry.at.isoformat(timespec="milliseconds"), _by(entry, names), entry.address, entry.way)
                what = (entry.action.value, entry.kind, entry.subject, entry.label, entry.person or "")
                for field in entry.fields or (None,):
                    values = ("", "", "") if field is None else (field.name, field.before, field.after)
                    yield (*about, *what, *("" if value is None else str(value) for value in values))
            before = page[-1].id

    return StreamingResponse(csv_lines(rows()), media_type=CSV, headers=PRIVATE)


def _names(system: System) -> dict[str, str]:
    with system.store.read() as tx:
        return actors(tx)


def _by(entry: TrailEntry, names: dict[str, str]) -> str:
    return "" if entry.actor is None else names.get(entry.actor, entry.actor)
