"""Saved views: filters of the activity page, for the user who saved them."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.accounts.saved_views import NAME_CHARS, QUERY_CHARS, SavedView
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Page, Strict
from app.web.security import Person, SystemOf

router = APIRouter(prefix="/v1/account/views", tags=["Users"])
QUERY = "the filters, as in the address of the activity page after the question mark"


class ViewIn(Strict):
    name: str = Field(max_length=4 * NAME_CHARS, examples=["Night shift"])
    query: str = Field(max_length=QUERY_CHARS, examples=["gate=dock&decision=deny&when=last+hour"], description=QUERY)


class ViewOut(BaseModel):
    id: str
    name: str
    query: str = Field(description=QUERY)

    @classmethod
    def of(cls, view: SavedView) -> "ViewOut":
        return cls(id=view.id, name=view.name, query=view.query)


@router.get("", summary="List your saved views", responses=ERRORS)
def find(system: SystemOf, person: Person) -> Page[ViewOut]:
    return Page(items=[ViewOut.of(view) for view in system.accounts.saved_views.of(person.user.id)], next=None)


@router.post("", status_code=201, summary="Save a view", responses=CONFLICT)
def save(body: ViewIn, system: SystemOf, person: Person) -> ViewOut:
    """One of the same name is replaced. A user has at most 20."""
    return ViewOut.of(system.accounts.saved_views.save(person.user.id, body.name, body.query))


@router.delete("/{view_id}", status_code=204, summary="Remove a saved view", responses=ERRORS)
def remove(view_id: str, system: SystemOf, person: Person) -> None:
    system.accounts.saved_views.remove(person.user.id, view_id)
