"""What changes of the rules would do, before they are made; and the rules as one YAML file."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from app.core.access.rule_edits import KINDS, Edit, Remove
from app.core.errors import BadInput
from app.core.types import Employee
from app.services.access.rules.rule_book import RuleChange
from app.web.api.access.rules import groups, places, rules, times
from app.web.api.access.rules.entries import Id, IfMatch, Kind, WarningOut, named_field, tagged, version_sent
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Identity, Strict
from app.web.finished import difference_words
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1", tags=["Rules"])

KINDS_BY_PATH: dict[str, Kind[Any]] = {
    kind.path: kind
    for kind in (
        places.SITES,
        places.ZONES,
        places.GATE_PLACES,
        places.LANES,
        groups.GROUPS,
        times.CALENDARS,
        times.SCHEDULES,
        rules.RULES,
        rules.GATE_MODES,
    )
}
YAML = "application/yaml"
FILE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {YAML: {"schema": {"type": "object"}, "example": "format: 1\n"}}}
}
AS_YAML: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {"content": {YAML: {"schema": {"type": "object"}}}, "description": "The rules file"},
}
DryRun = Annotated[bool, Query(description="only say what would change")]
Shown = Annotated[int, Query(ge=0, le=1000, description="how many people to name at each gate")]


class ChangeIn(Strict):
    """One change, as the call that makes it would have it."""

    kind: Literal[
        "sites",
        "zones",
        "gate-places",
        "lanes",
        "groups",
        "calendars",
        "schedules",
        "rules",
        "gate-modes",
    ]
    action: Literal["create", "patch", "delete"]
    id: Id | None = Field(None, description="of what is changed or removed")
    body: dict[str, Any] | None = Field(None, description="of POST or PATCH")

    def edit(self) -> Edit:
        """Raises RequestValidationError for a body that the call would not take."""
        kind = KINDS_BY_PATH[self.kind]
        if kind.fixed and self.action != "patch":
            raise BadInput("gate_not_managed_here", "Add and remove gates under /v1/gates.")
        if (self.action == "create") != (self.id is None):
            raise BadInput("bad_change", "Send the id of what is changed or removed, and none for what is added.")
        if self.action == "delete":
            return Remove(kind.part, self.id or "")
        try:
            if self.id is None:
                return kind.created(kind.body.model_validate(self.body))
            return kind.patched(self.id, kind.patch.model_validate(self.body))
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from error


class ChangesIn(Strict):
    changes: list[ChangeIn] = Field(
        min_length=1,
        max_length=100,
        description="made in this order",
        examples=[[{"kind": "rules", "action": "patch", "id": "01KAR3S...", "body": {"schedule": None}}]],
    )


class PeopleOut(BaseModel):
    count: int
    people: list[Identity] = Field(description="the first of them by number")


class GateChangeOut(BaseModel):
    """What a change does at one gate."""

    gate: str = Field(description="id")
    name: str = Field(examples=["lobby-1"])
    lost: PeopleOut
    gained: PeopleOut
    fewer_hours: PeopleOut
    more_hours: PeopleOut
    nobody_left: bool = Field(description="people could pass here, and nobody can any more")


class ChangeOut(BaseModel):
    version: int = Field(description="of the rules, after the change; of one that is not made: as they are")
    words: str = Field(examples=["This takes 12 people off 3 gates; nobody is left for Gate 4."])
    gates: list[GateChangeOut] = Field(description="those at which something changes")
    warnings: list[WarningOut]

    @classmethod
    def of(cls, change: RuleChange, most: int) -> "ChangeOut":
        def people(ids: tuple[str, ...]) -> PeopleOut:
            found = sorted((change.people[one] for one in ids), key=_number)
            return PeopleOut(
                count=len(ids), people=[Identity(id=e.id, name=e.name, number=e.number) for e in found[:most]]
            )

        return cls(
            version=change.version,
            words=difference_words(change.difference),
            gates=[
                GateChangeOut(
                    gate=gate.gate_id,
                    name=gate.name,
                    lost=people(gate.lost),
                    gained=people(gate.gained),
                    fewer_hours=people(gate.less),
                    more_hours=people(gate.more),
                    nobody_left=gate.nobody_left,
                )
                for gate in change.difference.gates
            ],
            warnings=[WarningOut.of(warning) for warning in change.warnings],
        )


def _number(employee: Employee) -> str:
    return employee.number


async def raw_body(request: Request) -> bytes:
    return await request.body()


@router.post("/rules/diff", summary="Say what changes would do, without making them", responses=CONFLICT)
def diff(body: ChangesIn, system: SystemOf, _: Admin, people: Shown = 50) -> ChangeOut:
    """Refused as the changes themselves would be. Nothing is stored."""
    edits = [change.edit() for change in body.changes]
    try:
        change = system.rule_book.propose(edits)
    except BadInput as error:
        last = body.changes[-1]
        raise named_field(error, KINDS[KINDS_BY_PATH[last.kind].part]) from error
    return ChangeOut.of(change, people)


@router.get("/rules.yaml", summary="Read the rules as a file", response_class=Response, responses=AS_YAML)
def read_file(system: SystemOf, _: Admin) -> Response:
    """Everything by name, in a stable order. Who is in a group, and temporary grants, are not in it."""
    version, text = system.rules_text.export()
    return Response(text, media_type=YAML, headers={"ETag": f'"{version}"'})


@router.put("/rules.yaml", summary="Make the rules what a file says", responses=CONFLICT, openapi_extra=FILE)
def apply_file(
    system: SystemOf,
    _: Admin,
    raw: Annotated[bytes, Depends(raw_body)],
    response: Response,
    dry_run: DryRun = False,
    people: Shown = 50,
    if_match: IfMatch = None,
) -> ChangeOut:
    """All of it or nothing; YAML or JSON. Gates that the file leaves out stay where they are, and so do groups of a
    directory. If-Match: the version of the rules that the file was made from."""
    change = system.rules_text.apply(raw, dry_run=dry_run, version=_rules_version(if_match))
    tagged(response, str(change.version))
    return ChangeOut.of(change, people)


def _rules_version(if_match: str | None) -> int | None:
    text = version_sent(if_match)
    if text is not None and not (text.isascii() and text.isdigit()):
        raise BadInput("bad_if_match", "Send the version of the rules in If-Match, such as 12.")
    return None if text is None else int(text)
