"""Rules: read and changed, as a whole file or by the entry."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Query
from pydantic import BaseModel, Field

from app.core.errors import BadInput
from app.services.access.rules.rule_book import Entry, RuleChange
from app.web.api.describe import CONFLICT, ERRORS
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/rules", tags=["Rules"])

Kind = Literal["sites", "zones", "gates", "lanes", "groups", "calendars", "schedules", "rules", "modes"]
DryRun = Annotated[bool, Query(description="only say what would change")]
IfMatch = Annotated[str | None, Header(max_length=64, description="what the change is based on; none: anything")]
FILE = Body(
    description="a rules file: lists of entries by kind",
    examples=[{"format": 1, "sites": [{"name": "Site", "time_zone": "Europe/Berlin"}]}],
)
ENTRY = Body(
    description="an entry as the rules file has it: names instead of ids",
    examples=[{"name": "Staff", "who": {"groups": ["Staff"]}, "where": "everywhere", "schedule": "Working hours"}],
)


class RulesOut(BaseModel):
    version: int = Field(examples=[12], description="grows with every change; send it back as If-Match")
    rules: dict[str, Any] = Field(description="the rules file")


class EntryOut(BaseModel):
    id: str
    mark: str = Field(description="changes with the entry; send it back as If-Match")
    entry: dict[str, Any] = Field(description="as the rules file has it")

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        return cls(id=entry.id, mark=entry.mark, entry=dict(entry.data))


class EntriesOut(BaseModel):
    items: list[EntryOut]


class GateChangeOut(BaseModel):
    """What the change does at one gate, as ids of employees."""

    gate: str
    lost: list[str]
    gained: list[str]
    fewer_hours: list[str]
    more_hours: list[str]
    nobody_left: bool


class WarningOut(BaseModel):
    path: str
    code: str
    detail: str


class ChangeOut(BaseModel):
    version: int = Field(description="of the rules, after the change; of a dry run: as they are")
    words: str = Field(examples=["This takes 12 people off 3 gates; nobody is left for Gate 4."])
    gates: list[GateChangeOut]
    warnings: list[WarningOut]

    @classmethod
    def of(cls, change: RuleChange) -> "ChangeOut":
        return cls(
            version=change.version,
            words=change.difference.words,
            gates=[
                GateChangeOut(
                    gate=gate.name,
                    lost=list(gate.lost),
                    gained=list(gate.gained),
                    fewer_hours=list(gate.less),
                    more_hours=list(gate.more),
                    nobody_left=gate.nobody_left,
                )
                for gate in change.difference.gates
            ],
            warnings=[WarningOut(path=w.path, code=w.code, detail=w.detail) for w in change.warnings],
        )


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    text = _mark(if_match)
    if not text or not text.isascii() or not text.isdigit():
        raise BadInput("bad_if_match", "Send the version of the rules in If-Match, such as 12.")
    return int(text)


def _mark(if_match: str | None) -> str | None:
    return None if if_match is None else if_match.strip().removeprefix("W/").strip('"')


@router.get("", summary="Read the rules as a file", responses=ERRORS)
def read(system: SystemOf, _: Admin) -> RulesOut:
    version, rules = system.rule_book.file()
    return RulesOut(version=version, rules=rules)


@router.put("", summary="Make the rules what a file says", responses=CONFLICT)
def apply(
    system: SystemOf,
    _: Admin,
    body: Annotated[dict[str, Any], FILE],
    dry_run: DryRun = False,
    if_match: IfMatch = None,
) -> ChangeOut:
    """All of it or nothing. Gates that the file leaves out stay where they are, and so do groups of a directory."""
    return ChangeOut.of(system.rule_book.apply(body, dry_run=dry_run, version=_version(if_match)))


@router.get("/{kind}", summary="List the entries of a kind", responses=ERRORS)
def entries(kind: Kind, system: SystemOf, _: Admin) -> EntriesOut:
    return EntriesOut(items=[EntryOut.of(entry) for entry in system.rule_book.entries(kind)])


@router.post("/{kind}", status_code=201, summary="Add an entry", responses=CONFLICT)
def add(
    kind: Kind, system: SystemOf, _: Admin, body: Annotated[dict[str, Any], ENTRY], dry_run: DryRun = False
) -> ChangeOut:
    return ChangeOut.of(system.rule_book.save(kind, body, dry_run=dry_run))


@router.get("/{kind}/{entry_id}", summary="Read an entry", responses=ERRORS)
def entry(kind: Kind, entry_id: str, system: SystemOf, _: Admin) -> EntryOut:
    return EntryOut.of(system.rule_book.entry(kind, entry_id))


@router.put("/{kind}/{entry_id}", summary="Change an entry", responses=CONFLICT)
def save(
    kind: Kind,
    entry_id: str,
    system: SystemOf,
    _: Admin,
    body: Annotated[dict[str, Any], ENTRY],
    dry_run: DryRun = False,
    if_match: IfMatch = None,
) -> ChangeOut:
    """409 with `current` if somebody else changed it meanwhile."""
    return ChangeOut.of(system.rule_book.save(kind, body, entry_id, _mark(if_match), dry_run=dry_run))


@router.delete("/{kind}/{entry_id}", summary="Remove an entry", responses=CONFLICT)
def delete(
    kind: Kind, entry_id: str, system: SystemOf, _: Admin, dry_run: DryRun = False, if_match: IfMatch = None
) -> ChangeOut:
    """409 if another entry names it; `detail` says which."""
    return ChangeOut.of(system.rule_book.delete(kind, entry_id, _mark(if_match), dry_run=dry_run))
