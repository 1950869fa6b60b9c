"""The routes that every kind of entry has: list, add, read, change, remove. A kind says what its entries look like.

A change names the version of the entry that it is based on. If somebody else changed the entry meanwhile, it is refused
with what the entry is now.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field, create_model
from pydantic_core import PydanticUndefined

from app.core.access.rule_edits import KINDS, Create, EntryChanged, Patch, Remove, find, version_of
from app.core.access.rule_set import Contradiction, Problem, RulePart, RuleSet
from app.core.errors import BadField, BadInput, Outdated
from app.core.text import folded
from app.services.access.rules.rule_book import Shown
from app.web.api.cursors import TextCursor, after, not_ours
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Page, Strict
from app.web.errors import users
from app.web.fields import PlainText, Words
from app.web.security import Admin, SystemOf
from app.wiring import System

Part = TypeVar("Part", bound=RulePart)
Chosen = Callable[[RuleSet], Callable[[Any], bool]]
Id = Annotated[PlainText, Field(min_length=1, max_length=64, examples=["01KAR3T9V5S0W8J6Q2X4Y7Z1AB"])]
Name = Annotated[PlainText, Field(min_length=1, max_length=100)]
IfMatch = Annotated[str | None, Header(max_length=64, description="the version that the change is based on; none: any")]
Limit = Annotated[int, Query(ge=1, le=500)]
BETWEEN = "\x1f"  # in no name

# The field of a body that a code is about, where it is always the same.
FIELDS = {
    "bad_name": "name",
    "bad_description": "description",
    "bad_note": "note",
    "bad_reason": "reason",
    "bad_valid_from": "valid_from",
    "bad_valid_until": "valid_until",
    "bad_window": "windows",
    "overlapping_windows": "windows",
    "bad_schedule": "windows",
    "duplicate_calendar": "on_calendar",
    "bad_calendar": "days",
    "duplicate_date": "days",
    "unknown_time_zone": "time_zone",
    "zone_circle": "parent",
    "bad_gate_zones": "zone_to",
    "bad_timed_minutes": "timed_minutes",
    "bad_forgive_after": "forgive_after_hours",
    "bad_daily_reset": "daily_reset",
    "bad_limit": "limit",
    "bad_lane": "gate_out",
    "gate_in_two_lanes": "gate_in",
    "bad_gate_mode": "first_person_group",
    "duplicate_mode": "schedule",
    "rule_reaches_nobody": "who",
    "rule_reaches_nothing": "where",
    "bad_grant": "ends_at",
    "grant_too_long": "ends_at",
}
# Where the rules file calls a field otherwise.
RENAMED = {"gates": "gate_in", "first_person_in": "first_person_group"}


class UserOut(BaseModel):
    """What names an entry."""

    kind: str = Field(examples=["rules"])
    id: str
    name: str


class WarningOut(BaseModel):
    """What is allowed, but probably not meant."""

    path: str = Field(examples=["rules[Night shift].who"])
    code: str = Field(examples=["groups_are_empty"])
    detail: Words

    @classmethod
    def of(cls, warning: Problem) -> "WarningOut":
        return cls(path=warning.path, code=warning.code, detail=warning.detail)


class EntryOut(BaseModel):
    id: str
    version: str = Field(description="changes with the entry; send it back as If-Match")
    names: dict[str, str] = Field(description="of what the entry refers to, by id")
    used_by: list[UserOut]
    warnings: list[WarningOut] = Field(description="of a change that was just made")


def patch_of(body: type[Strict]) -> type[Strict]:
    """The body of a change: the same fields, none of them required."""
    fields: dict[str, Any] = {}
    for name, field in body.model_fields.items():
        optional = copy(field)
        optional.default, optional.default_factory = PydanticUndefined, lambda: None
        fields[name] = (field.annotation, optional)
    made: type[Strict] = create_model(f"{body.__name__.removesuffix('In')}Patch", __base__=Strict, **fields)
    return made


@dataclass(frozen=True)
class Kind(Generic[Part]):
    """One kind of entry.

    Attributes:
        path: the address under /v1.
        one: what the contract calls one of them.
        part: its type in the core.
        body: what adds one; every field of it can be changed later.
        out: what answers hold.
        build: makes an entry of a body, its id and, for a change, the entry before.
        fields: the values of the body's fields for an entry.
        order: what the list is sorted by; unique.
        more: further fields of the answer.
        wanted: a dependency that reads filters from the query.
        fixed: entries are neither added nor removed here.
    """

    path: str
    one: str
    part: type[Part]
    body: type[Strict]
    out: type[EntryOut]
    build: Callable[[Any, str, Any], Part]
    fields: Callable[[Part], dict[str, Any]]
    order: Callable[[RuleSet, Part], tuple[str, ...]] = lambda _, part: (part.name.casefold(), part.name, part.id)  # type: ignore[union-attr]
    more: Callable[[Shown, Part], dict[str, Any]] = lambda shown, part: {}
    wanted: Callable[..., Chosen] = lambda: _all
    fixed: bool = False

    @cached_property
    def patch(self) -> type[Strict]:
        return patch_of(self.body)

    def created(self, body: Strict) -> Create:
        return Create(self.part, lambda entry_id: self.build(body, entry_id, None))

    def patched(self, entry_id: str, body: Strict, version: str | None = None) -> Patch:
        """Only what was sent changes."""
        sent = {name: getattr(body, name) for name in body.model_fields_set}

        def change(before: Part) -> Part:
            return self.build(self.body.model_construct(**self.fields(before) | sent), entry_id, before)

        return Patch(self.part, entry_id, change, version)

    def shown(self, shown: Shown, entry: Part) -> EntryOut:
        mentioned = shown.rules.mentions.get(entry.id, ())
        more = self.more(shown, entry)
        people = more.pop("people", ())
        return self.out.model_construct(  # what is stored was checked when it came
            id=entry.id,
            version=version_of(entry),
            names={one: shown.names[one] for one in (*mentioned, *people) if one in shown.names},
            used_by=[UserOut(**user) for user in users(shown.rules.used_by.get(entry.id, ()))],
            warnings=[WarningOut.of(warning) for warning in shown.warnings],
            **self.fields(entry),
            **more,
        )

    def read(self, system: System, entry_id: str) -> EntryOut:
        shown = system.rule_book.show(lambda rules: [find(rules, self.part, entry_id)])
        return self.shown(shown, shown.entries[0])  # type: ignore[arg-type]


def version_sent(if_match: str | None) -> str | None:
    """The version in the header, with or without quotes; None for any."""
    text = None if if_match is None else if_match.strip().removeprefix("W/").strip('"')
    return None if text == "*" else text


def tagged(response: Response, version: str) -> None:
    response.headers["ETag"] = f'"{version}"'


def paged(items: list[Any], key: Callable[[Any], tuple[str, ...]], cursor: str | None, limit: int) -> Page[Any]:
    """A page of items. key: what they are sorted by; unique."""
    ordered = sorted(items, key=key)
    if cursor is not None:
        last = tuple(cursor.split(BETWEEN))
        if ordered and len(last) != len(key(ordered[0])):
            raise not_ours()
        ordered = [item for item in ordered if key(item) > last]
    more = len(ordered) > limit
    return Page(items=ordered[:limit], next=after(BETWEEN.join(key(ordered[limit - 1]))) if more else None)


def named_field(error: BadInput, kind: str) -> BadInput:
    """The error with the field that it is about, if it is one of the body's."""
    if isinstance(error, BadField):
        return error
    field = FIELDS.get(error.code)
    if field is None and isinstance(error, Contradiction) and error.path.startswith(f"{kind}["):
        last = error.path.rpartition("].")[2]
        field = RENAMED.get(last, last)
    if field is None:
        return error
    # Beside its field the path says nothing that people do not see.
    detail = error.detail.removeprefix(f"{error.path}: ") if isinstance(error, Contradiction) else error.detail
    return BadField(error.code, detail, field)


def add_routes(router: APIRouter, kind: Kind[Any]) -> None:
    """Gives a kind its routes."""
    address, one = f"/{kind.path}/{{entry_id}}", kind.one
    body_type, patch_type, out_type = kind.body, kind.patch, kind.out

    def saved(system: System, edit: Create | Patch, response: Response) -> Any:
        try:
            shown = system.rule_book.edit(edit)
        except EntryChanged as error:
            raise outdated(error, kind.read(system, error.entry.id)) from error
        except BadInput as error:
            raise named_field(error, KINDS[kind.part]) from error
        answer = kind.shown(shown, shown.entries[0])
        tagged(response, answer.version)
        return answer

    @router.get(f"/{kind.path}", summary=f"List {kind.path.replace('-', ' ')}", responses=ERRORS)
    def find_all(
        system: SystemOf,
        _: Admin,
        cursor: TextCursor,
        wanted: Annotated[Chosen, Depends(kind.wanted)],
        q: Annotated[PlainText, Query(max_length=200, description="part of a name")] = "",
        limit: Limit = 50,
    ) -> Page[out_type]:  # type: ignore[valid-type]
        following: list[str | None] = []

        def choose(rules: RuleSet) -> list[RulePart]:
            sought, chosen = folded(q), wanted(rules)
            found = [
                part
                for part in getattr(rules, KINDS[kind.part])
                if chosen(part) and sought in folded(kind.order(rules, part)[0])
            ]
            page = paged(found, lambda part: kind.order(rules, part), cursor, limit)
            following.append(page.next)
            return page.items

        shown = system.rule_book.show(choose)
        return Page(items=[kind.shown(shown, entry) for entry in shown.entries], next=following[0])

    if not kind.fixed:

        @router.post(f"/{kind.path}", status_code=201, summary=f"Add {one}", responses=CONFLICT)
        def create(system: SystemOf, _: Admin, body: body_type, response: Response) -> out_type:  # type: ignore[valid-type]
            return saved(system, kind.created(body), response)  # type: ignore[no-any-return]

    @router.get(address, summary=f"Read {one}", responses=ERRORS)
    def read(entry_id: str, system: SystemOf, _: Admin, response: Response) -> out_type:  # type: ignore[valid-type]
        answer = kind.read(system, entry_id)
        tagged(response, answer.version)
        return answer

    @router.patch(address, summary=f"Change {one}", responses=CONFLICT)
    def patch(
        entry_id: str,
        system: SystemOf,
        _: Admin,
        body: patch_type,  # type: ignore[valid-type]
        response: Response,
        if_match: IfMatch = None,
    ) -> out_type:  # type: ignore[valid-type]
        """Only what is sent changes; null clears a field. 409 with `current` if somebody else changed it meanwhile."""
        return saved(system, kind.patched(entry_id, body, version_sent(if_match)), response)  # type: ignore[no-any-return]

    if not kind.fixed:

        @router.delete(address, status_code=204, summary=f"Remove {one}", responses=CONFLICT)
        def delete(entry_id: str, system: SystemOf, _: Admin, if_match: IfMatch = None) -> None:
            """409 with `used_by` if something still names it."""
            try:
                system.rule_book.edit(Remove(kind.part, entry_id, version_sent(if_match)))
            except EntryChanged as error:
                raise outdated(error, kind.read(system, entry_id)) from error


def outdated(error: EntryChanged, current: EntryOut) -> Outdated:
    return Outdated("entry_changed", error.detail, current.model_dump(mode="json"))


def _all(rules: RuleSet) -> Callable[[Any], bool]:
    return lambda part: True
