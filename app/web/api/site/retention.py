"""For how long personal data is kept, what is due, and receipts of what was removed."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.site.retention import LONGEST, WORDS, Kind
from app.services.people.retention.retention import KindState
from app.web.api.describe import ERRORS
from app.web.api.schemas import Moment
from app.web.security import Admin, SystemOf
from app.web.turns import FewLists

router = APIRouter(prefix="/v1/retention", tags=["Site"])

MOST_RECEIPTS = 1000


class RemovalOut(BaseModel):
    """A signed receipt: so much of a kind was removed on one day. It grows while the day lasts."""

    id: str = Field(examples=["stranger_pictures:2026-11-23"])
    kind: Kind
    at: Moment = Field(description="when something was last removed")
    before: Moment = Field(description="what was removed is older than this")
    count: int
    signature: str = Field(
        description="Ed25519 over the JSON of the other fields and `receipt`: `retention`, keys sorted, without spaces"
    )


class KindOut(BaseModel):
    """One kind of personal data. `PATCH /v1/settings` changes its hours (`kept_hours`)."""

    kind: Kind
    label: str
    effect: str = Field(description="what becomes of it")
    hours: int = Field(description="for how long it is kept")
    usual_hours: int
    least_hours: int
    most_hours: int
    due: int | None = Field(description="how much is older, and goes next; null unless asked for")
    removed: int = Field(description="how much was removed so far")
    last: RemovalOut | None

    @classmethod
    def of(cls, state: KindState) -> "KindOut":
        label, effect = WORDS[state.kind]
        last = None if state.last is None else RemovalOut(**vars(state.last))
        return cls(**{**vars(state), "last": last}, label=label, effect=effect, most_hours=LONGEST)


class RetentionOut(BaseModel):
    items: list[KindOut]
    next: None = None


class ReceiptsOut(BaseModel):
    items: list[RemovalOut]
    next: None = None


@router.get("", summary="For how long personal data is kept", responses=ERRORS)
def kinds(
    system: SystemOf,
    _: Admin,
    __: FewLists,
    due: Annotated[bool, Query(description="count what is due; takes seconds in a log of a million events")] = False,
) -> RetentionOut:
    """In the order of removal. A job removes what is due every ten minutes, a little at a time: decisions go first."""
    return RetentionOut(items=[KindOut.of(state) for state in system.retention.states(counted=due)])


@router.get("/receipts", summary="Receipts of what was removed", responses=ERRORS)
def receipts(system: SystemOf, _: Admin) -> ReceiptsOut:
    """The newest 1,000, newest first: one a kind and day. `GET /v1/audit/verify` compares all of them with the log."""
    found = system.retention.receipts()[:MOST_RECEIPTS]
    return ReceiptsOut(items=[RemovalOut(**vars(one)) for one in found])
