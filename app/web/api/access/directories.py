"""Directories: systems that send people and groups over SCIM, at /scim/v2."""

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.people.directories import Directory, Leaving, Run
from app.core.types import Role
from app.services.access.directories.directory_book import DirectoryView, HeldPerson
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, NewKey, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/directories", tags=["Directories"])


class DirectoryIn(Strict):
    name: PlainText = Field(max_length=64, examples=["Entra ID"])


class DirectoryOut(BaseModel):
    id: str
    name: str
    created_at: Moment

    @classmethod
    def of(cls, directory: Directory) -> "DirectoryOut":
        return cls(**vars(directory))


class RunOut(BaseModel):
    """Requests without a pause of more than 15 minutes between them."""

    began_at: Moment
    last_at: Moment
    counts: dict[str, int] = Field(
        description="people by what was done: added, changed, off (taken off the doors), back, erased, held, refused"
    )
    ignored: list[str] = Field(description="attributes that were sent and are not kept")

    @classmethod
    def of(cls, run: Run) -> "RunOut":
        return cls(began_at=run.began_at, last_at=run.last_at, counts=dict(run.counts), ignored=list(run.ignored))


class DirectoryDetails(DirectoryOut):
    people: int
    active: int
    groups: list[dict[str, str]] = Field(description="id and name; none lets anybody in until a rule names it")
    silent: bool = Field(description="whether it sent nothing for two hours")
    runs: list[RunOut]

    @classmethod
    def shown(cls, view: DirectoryView) -> "DirectoryDetails":
        return cls(
            **vars(view.directory),
            people=view.people,
            active=view.active,
            groups=[{"id": group.id, "name": group.name} for group in view.groups],
            silent=view.silent,
            runs=[RunOut.of(run) for run in view.runs],
        )


class HeldOut(BaseModel):
    """Somebody whom one run would have taken off the doors together with many others."""

    employee_id: str
    name: str | None
    directory: str
    wants: Leaving = Field(description="`off`: no entry any more. `erase`: their erasure")
    since: Moment

    @classmethod
    def of(cls, held: HeldPerson) -> "HeldOut":
        return cls(**{**vars(held), "name": held.name.name if held.name else None})


class KeyName(Strict):
    name: PlainText = Field("", max_length=100, examples=["Entra ID, 2026"])


class AnswerIn(Strict):
    answer: Literal["confirm", "keep"] = Field(description="`confirm`: as the directory wants. `keep`: they stay")


class Answered(BaseModel):
    people: int


@router.post("", status_code=201, summary="Add a directory", responses=CONFLICT)
def add(body: DirectoryIn, system: SystemOf, _: Admin) -> DirectoryOut:
    return DirectoryOut.of(system.directories.add(body.name))


@router.get("", summary="List directories with their runs", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[DirectoryDetails]:
    return Page(items=[DirectoryDetails.shown(view) for view in system.directories.views()], next=None)


@router.get("/held", summary="List who waits for an admin", responses=ERRORS)
def held(system: SystemOf, _: Admin) -> Page[HeldOut]:
    return Page(items=[HeldOut.of(one) for one in system.directories.held()], next=None)


@router.post("/held", summary="Confirm or keep everybody who waits", responses=CONFLICT)
def answer(body: AnswerIn, system: SystemOf, _: Admin) -> Answered:
    """People whom the directory takes off the doors in a later run are not among them."""
    return Answered(people=system.directories.answer(go=body.answer == "confirm"))


@router.post("/{directory_id}/keys", status_code=201, summary="Make a key for a directory", responses=CONFLICT)
def make_key(directory_id: str, body: KeyName, system: SystemOf, _: Admin) -> NewKey:
    """Only this answer shows the key. Earlier keys go on working, so that a new one can be put in without a gap."""
    directory = system.directories.get(directory_id)
    secret, key = system.keys.create(Role.DIRECTORY, name=body.name or directory.name, directory_id=directory.id)
    return NewKey.model_validate({**asdict(key), "key": secret})


@router.delete("/{directory_id}", status_code=204, summary="Remove a directory", responses=CONFLICT)
def remove(directory_id: str, system: SystemOf, _: Admin) -> None:
    """Its keys are revoked. People and groups that it sent stay as they are, and are the site's own from then on."""
    system.directories.remove(directory_id)
