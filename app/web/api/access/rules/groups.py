"""Groups of people, and who is in them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.access.rules import GROUP_CHARS, NOTE_CHARS, Group, GroupSource
from app.core.people.records import EmployeeFilter
from app.web.api.access.rules.entries import EntryOut, Id, Kind, Limit, add_routes
from app.web.api.cursors import TextCursor, after
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Identity, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1", tags=["Rules"])
MOST_AT_ONCE = 1000


class GroupIn(Strict):
    name: PlainText = Field(min_length=1, max_length=GROUP_CHARS, examples=["Night shift"])
    description: PlainText | None = Field(None, min_length=1, max_length=NOTE_CHARS)


class GroupOut(EntryOut, GroupIn):
    source: GroupSource = Field(description="scim: a directory names it and says who is in it")
    members: int


class MembersIn(Strict):
    add: list[Id] = Field(default_factory=list, max_length=MOST_AT_ONCE, description="ids of employees")
    remove: list[Id] = Field(default_factory=list, max_length=MOST_AT_ONCE, description="ids of employees")


class MembersOut(BaseModel):
    added: int
    removed: int
    members: int = Field(description="how many there are now")


def _group(body: GroupIn, entry_id: str, before: Group | None) -> Group:
    return Group(entry_id, body.name, before.source if before else GroupSource.LOCAL, body.description)


GROUPS = Kind(
    path="groups",
    one="a group",
    part=Group,
    body=GroupIn,
    out=GroupOut,
    build=_group,
    fields=lambda group: {"name": group.name, "description": group.description},
    more=lambda shown, group: {"source": group.source, "members": shown.members.get(group.id, 0)},
)

add_routes(router, GROUPS)


@router.get("/groups/{entry_id}/members", summary="List the members of a group by number", responses=ERRORS)
def members(
    entry_id: str,
    system: SystemOf,
    _: Admin,
    cursor: TextCursor,
    q: Annotated[PlainText | None, Query(max_length=200, description="start of a number or part of a name")] = None,
    limit: Limit = 50,
) -> Page[Identity]:
    found = system.group_members.find(entry_id, EmployeeFilter(q=q, after=cursor, limit=limit + 1))
    items = [Identity(id=e.id, name=e.name, number=e.number) for e in found[:limit]]
    return Page(items=items, next=after(items[-1].number) if len(found) > limit else None)


@router.post("/groups/{entry_id}/members", summary="Add and remove members of a group", responses=CONFLICT)
def change_members(entry_id: str, body: MembersIn, system: SystemOf, _: Admin) -> MembersOut:
    """All of it or nothing. The next decision goes by it."""
    done = system.group_members.change(entry_id, body.add, body.remove)
    return MembersOut(added=done.added, removed=done.removed, members=done.members)
