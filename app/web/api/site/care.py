"""What keeps the site well: backups, the verification of the log as long work, the clock, model packs."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field

from app.core.site.backup import LEAST_PASSPHRASE
from app.services.site.background import Work, WorkState
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Strict
from app.web.fields import Words
from app.web.long_work import LongWork, long_work
from app.web.security import Admin, SystemOf
from app.wiring.packs import known_packs

router = APIRouter(prefix="/v1", tags=["Site"])


LongWorkOf = Annotated[LongWork, Depends(long_work)]


class WorkOut(BaseModel):
    """Work in the background of this process."""

    state: WorkState
    started_at: Moment
    done: int = Field(description="parts that are done")
    total: int = Field(description="how many there are; 0 until it is known")
    words: Words = Field(
        examples=["The log is intact: 1234 events at 2 gates."], description="the result, or what failed"
    )
    ended_at: Moment | None

    @classmethod
    def of(cls, work: Work | None) -> "WorkOut | None":
        return None if work is None else cls(**vars(work))


class BackupOut(BaseModel):
    id: str
    at: Moment
    place: str = Field(examples=["/mnt/backup/facegate-20261129-030000.backup"])
    bytes: int | None = Field(description="null if it failed")
    with_key: bool = Field(description="whether the master key is in it, which a passphrase then seals")
    is_scheduled: bool
    problem: Words | None = Field(description="why it failed")


class BackupsOut(BaseModel):
    items: list[BackupOut]
    next: None = None
    work: WorkOut | None = Field(description="the one that runs in this process, or the last that did")


class BackupIn(Strict):
    passphrase: str | None = Field(
        None,
        min_length=LEAST_PASSPHRASE,
        max_length=1000,
        description="puts the master key into the backup, and seals it; without one the master key seals it",
    )


class Verification(BaseModel):
    work: WorkOut | None = Field(description="the one that runs in this process, or the last that did")


class PackOut(BaseModel):
    name: str = Field(examples=["sface"])
    licence: str = Field(examples=["Apache-2.0"])
    detector: str = Field(examples=["yunet"])
    dimension: int
    is_served: bool = Field(description="whether the templates are of this pack now")


class PacksOut(BaseModel):
    items: list[PackOut]
    next: None = None
    work: WorkOut | None = Field(description="the move that runs in this process, or the last that did")


class MoveIn(Strict):
    leave_out: bool = Field(False, description="switch even if the pack finds no face in any photo of some employees")


class Confirmed(BaseModel):
    at: Moment


def started(work: Work) -> WorkOut:
    return WorkOut(**vars(work))


@router.get("/backups", summary="List what became of the newest backups", responses=ERRORS)
def backups(system: SystemOf, work: LongWorkOf, _: Admin) -> BackupsOut:
    items = [BackupOut(**vars(backup)) for backup in system.backups.known()]
    return BackupsOut(items=items, work=WorkOut.of(work.backup.now()))


@router.post("/backups", status_code=202, summary="Back up into the site's folder", responses=CONFLICT)
def back_up(system: SystemOf, work: LongWorkOf, _: Admin, body: Annotated[BackupIn, Body()]) -> WorkOut:
    """Returns at once; the list of backups shows how far it is. Decisions go first."""
    system.backups.folder()
    return started(work.back_up(body.passphrase))


@router.get("/audit/verification", summary="How far the verification of the log is", responses=ERRORS)
def verification(work: LongWorkOf, _: Admin) -> Verification:
    return Verification(work=WorkOut.of(work.verification.now()))


@router.post("/audit/verification", status_code=202, summary="Verify the log in the background", responses=CONFLICT)
def verify(work: LongWorkOf, _: Admin) -> WorkOut:
    """As `GET /v1/audit/verify`, for a log that takes minutes. Decisions go first."""
    return started(work.verify())


@router.post("/clock/confirm", summary="Confirm that the clock is right", responses=ERRORS)
def confirm_clock(system: SystemOf, _: Admin) -> Confirmed:
    """Within ten seconds every gate admits people with validity dates again."""
    return Confirmed(at=system.clock_watch.confirm())


@router.get("/packs", summary="List the model packs", responses=ERRORS)
def packs(system: SystemOf, work: LongWorkOf, _: Admin) -> PacksOut:
    served = system.recognition.pack_digest
    items = [
        PackOut(
            name=p.name, licence=p.licence, detector=p.detector, dimension=p.dimension, is_served=p.digest == served
        )
        for p in known_packs(system.settings)
    ]
    return PacksOut(items=items, work=WorkOut.of(work.move.now()))


@router.post("/packs/{name}/move", status_code=202, summary="Move all templates to a pack", responses=CONFLICT)
def move(name: str, work: LongWorkOf, _: Admin, body: Annotated[MoveIn, Body()]) -> WorkOut:
    """Gates decide by the old templates until one switch at the end; then each process restarts within seconds."""
    return started(work.move_to(name, leave_out=body.leave_out))
