"""People who sign in. Admins add them and give them roles and links; people change their own password."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from app.core.accounts.users import Method, SignInOutcome, User
from app.core.types import Role
from app.services.accounts.sign_in import Client
from app.services.accounts.users import RESET_FOR, roles_of
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, Person, SystemOf, client_of

router = APIRouter(prefix="/v1", tags=["Users"])
RoleName = Annotated[str, Field(max_length=20, examples=["security"])]


class UserIn(Strict):
    name: PlainText = Field(max_length=64, examples=["ada"])
    roles: list[RoleName] = Field(max_length=3, description="admin, security, viewer")


class UserPatch(Strict):
    roles: list[RoleName] | None = Field(None, max_length=3, description="admin, security, viewer")
    enabled: bool | None = None


class PasswordIn(Strict):
    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class UserOut(BaseModel):
    id: str
    name: str
    roles: list[Role]
    enabled: bool
    can_sign_in: bool = Field(description="they are enabled, and have a password or another provider")
    created_at: Moment

    @classmethod
    def of(cls, user: User) -> "UserOut":
        return cls(
            id=user.id,
            name=user.name,
            roles=sorted(user.roles),
            enabled=user.enabled,
            can_sign_in=user.enabled and bool(user.password or user.subject),
            created_at=user.created_at,
        )


class LinkOut(BaseModel):
    """A link that works once. Give it to the user alone: whoever opens it chooses the password."""

    path: str = Field(description="append it to this service's address", examples=["/reset?token=..."])
    expires_at: Moment


class SignInOut(BaseModel):
    """name is empty if no user has the name that was typed. It is not kept, because people type passwords there."""

    id: str
    at: Moment
    user_id: str | None
    name: str
    address: str
    method: Method
    outcome: SignInOutcome
    detail: str = Field(description="why a sign-in through another provider failed: the check, or the groups it sent")


@router.post("/users", status_code=201, summary="Add a user", responses=CONFLICT)
def add(body: UserIn, system: SystemOf, _: Admin) -> UserOut:
    """They cannot sign in yet. Make a link (`POST /v1/users/{id}/reset`) with which they choose a password."""
    return UserOut.of(system.accounts.users.add(body.name, roles_of(body.roles)))


@router.get("/users", summary="List users", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[UserOut]:
    return Page(items=[UserOut.of(user) for user in system.accounts.users.all()], next=None)


@router.get("/users/{user_id}", summary="Read a user", responses=ERRORS)
def read(user_id: str, system: SystemOf, _: Admin) -> UserOut:
    return UserOut.of(system.accounts.users.get(user_id))


@router.patch("/users/{user_id}", summary="Change roles, disable or enable", responses=CONFLICT)
def change(user_id: str, body: UserPatch, system: SystemOf, _: Admin) -> UserOut:
    """This signs them out everywhere. The last admin who can sign in stays an admin (409)."""
    roles = None if body.roles is None else roles_of(body.roles)
    return UserOut.of(system.accounts.users.change(user_id, roles, body.enabled))


@router.post("/users/{user_id}/reset", summary="Make a link to choose a new password", responses=CONFLICT)
def reset(user_id: str, system: SystemOf, _: Admin) -> LinkOut:
    """The link works once, for a day, and earlier links end. The old password works until the link is used."""
    token = system.accounts.users.reset(user_id)
    return LinkOut(path=f"/reset?token={token}", expires_at=_later(system.clock()))


@router.delete("/users/{user_id}/sessions", status_code=204, summary="Sign a user out everywhere", responses=CONFLICT)
def sign_out(user_id: str, system: SystemOf, _: Admin) -> None:
    system.accounts.sessions.end_all(system.accounts.users.get(user_id).id)


@router.get("/sign-ins", summary="List sign-ins and failed ones, newest first", responses=ERRORS)
def sign_ins(
    system: SystemOf,
    _: Admin,
    cursor: IdCursor,
    user: Annotated[str | None, Query(max_length=64, description="a user's id")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SignInOut]:
    """Attempts that had to wait are neither checked nor listed.

    `GET /v1/retention` says for how long entries are kept.
    """
    found = system.accounts.sign_in.recent(user, cursor, limit + 1)
    items = [SignInOut.model_validate(vars(row)) for row in found[:limit]]
    return Page(items=items, next=items[-1].id if len(found) > limit else None)


@router.post("/account/password", status_code=204, summary="Change your own password", responses=CONFLICT)
def set_password(body: PasswordIn, request: Request, system: SystemOf, person: Person) -> None:
    """For signed-in people, not for keys. Ends their other sessions."""
    client: Client = client_of(request)
    system.accounts.sign_in.change_password(person, body.old, body.new, client)


@router.delete("/account/sessions", status_code=204, summary="Sign out everywhere else", responses=CONFLICT)
def sign_out_elsewhere(system: SystemOf, person: Person) -> None:
    """For signed-in people, not for keys."""
    system.accounts.sessions.end_all(person.user.id, but=person.session.id)


def _later(now: datetime) -> datetime:
    return now + RESET_FOR
