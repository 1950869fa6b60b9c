"""Temporary grants: one person may pass for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.core.access.rule_edits import EntryChanged, version_of
from app.core.access.rule_set import RulePart, RuleSet
from app.core.access.rules import Grant
from app.core.canonical import instant
from app.core.errors import BadInput
from app.services.access.rules.rule_book import Shown
from app.web.api.access.rules.entries import (
    EntryOut,
    Id,
    IfMatch,
    Limit,
    named_field,
    outdated,
    paged,
    patch_of,
    tagged,
    version_sent,
)
from app.web.api.access.rules.rules import Filter, WhereIO
from app.web.api.cursors import TextCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.fields import PlainText
from app.web.security import SystemOf, Watcher
from app.wiring import System

router = APIRouter(prefix="/v1/grants", tags=["Rules"])

Reason = Annotated[PlainText, Field(min_length=1, max_length=200, examples=["Meets the auditor"])]


class GrantChange(Strict):
    where: WhereIO
    reason: Reason
    ends_at: When


class GrantIn(GrantChange):
    employee: Id
    starts_at: When | None = Field(None, description="none: now")
    ends_at: When | None = Field(None, description="none: 24 hours after the start")  # type: ignore[assignment]


class GrantOut(EntryOut):
    employee: str = Field(description="id")
    where: WhereIO
    reason: str
    starts_at: Moment
    ends_at: Moment
    granted_by: str = Field(description="the id of the key or user; their name is among `names`")

    @classmethod
    def of(cls, system: System, shown: Shown, grant: Grant) -> "GrantOut":
        ids = (*shown.rules.mentions.get(grant.id, ()), grant.person_id)
        names = {one: shown.names[one] for one in ids if one in shown.names}
        return cls(
            id=grant.id,
            version=version_of(grant),
            names=names | system.permits.givers({grant.granted_by}),
            used_by=[],
            warnings=[],
            employee=grant.person_id,
            where=WhereIO.of(grant.where),
            reason=grant.reason,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            granted_by=grant.granted_by,
        )


GrantPatch = patch_of(GrantChange)


@router.get("", summary="List temporary grants by their start", responses=ERRORS)
def find(
    system: SystemOf,
    _: Watcher,
    cursor: TextCursor,
    employee: Filter = None,
    gate: Annotated[Filter, Query(description="grants that reach it")] = None,
    limit: Limit = 50,
) -> Page[GrantOut]:
    """Those that have not ended."""
    following: list[str | None] = []

    def choose(rules: RuleSet) -> list[RulePart]:
        found = [
            grant
            for grant in rules.grants
            if grant.ends_at > system.clock()
            and employee in (None, grant.person_id)
            and (gate is None or gate in rules.gates_of(grant.where))
        ]
        page = paged(found, lambda grant: (instant(grant.starts_at), grant.id), cursor, limit)
        following.append(page.next)
        return page.items

    shown = system.rule_book.show(choose)
    items = [GrantOut.of(system, shown, grant) for grant in shown.entries if isinstance(grant, Grant)]
    return Page(items=items, next=following[0])


@router.post("", status_code=201, summary="Let somebody in for a while", responses=CONFLICT)
def create(body: GrantIn, system: SystemOf, who: Watcher, response: Response) -> GrantOut:
    """The log of each gate that it reaches records it. Guards may do so where the site's settings allow."""
    with _fields():
        made = system.permits.grant(who, body.employee, body.where.where(), body.reason, body.starts_at, body.ends_at)
    return _read(system, made.id, response)


@router.get("/{grant_id}", summary="Read a temporary grant", responses=ERRORS)
def read(grant_id: str, system: SystemOf, _: Watcher, response: Response) -> GrantOut:
    return _read(system, grant_id, response)


@router.patch("/{grant_id}", summary="Change a temporary grant", responses=CONFLICT)
def patch(
    grant_id: str,
    body: GrantPatch,  # type: ignore[valid-type]
    system: SystemOf,
    who: Watcher,
    response: Response,
    if_match: IfMatch = None,
) -> GrantOut:
    """Only what is sent changes. 409 with `current` if somebody else changed it meanwhile."""
    sent = {name: getattr(body, name) for name in body.model_fields_set}  # type: ignore[attr-defined]

    def change(before: Grant) -> Grant:
        where = sent["where"].where() if "where" in sent else before.where
        return replace(
            before, where=where, reason=sent.get("reason", before.reason), ends_at=sent.get("ends_at", before.ends_at)
        )

    try:
        with _fields():
            system.permits.change(who, grant_id, change, version_sent(if_match))
    except EntryChanged as error:
        raise outdated(error, _read(system, grant_id, response)) from error
    return _read(system, grant_id, response)


@router.delete("/{grant_id}", status_code=204, summary="End a temporary grant", responses=CONFLICT)
def end(grant_id: str, system: SystemOf, who: Watcher, response: Response, if_match: IfMatch = None) -> None:
    """It lets nobody in from the next decision on."""
    try:
        system.permits.end(who, grant_id, version_sent(if_match))
    except EntryChanged as error:
        raise outdated(error, _read(system, grant_id, response)) from error


def _read(system: System, grant_id: str, response: Response) -> GrantOut:
    shown = system.rule_book.show(lambda rules: [system.permits.one(rules, grant_id)])
    (grant,) = shown.entries
    assert isinstance(grant, Grant)
    answer = GrantOut.of(system, shown, grant)
    tagged(response, answer.version)
    return answer


@contextmanager
def _fields() -> Iterator[None]:
    try:
        yield
    except BadInput as error:
        raise named_field(error, "grants") from error
