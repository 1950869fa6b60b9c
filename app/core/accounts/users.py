"""People who sign in: users, sessions, one-time links and the record of sign-ins."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.core.errors import BadInput
from app.core.text import plain_text
from app.core.types import Role

PERSON_ROLES = frozenset({Role.ADMIN, Role.SECURITY, Role.VIEWER})
SCREEN_ROLES = PERSON_ROLES | {Role.DISPLAY}  # who may watch
NAME_CHARS = 64


@dataclass(frozen=True)
class Principal:
    """The authenticated caller: a key, or a person with a session.

    Attributes:
        id: goes into every record of what the caller does.
        name: what the log of actions may show.
        gate_id: set only for a gate's key. directory_id: only for a directory's.
    """

    id: str
    name: str
    roles: frozenset[Role]
    gate_id: str | None
    kind: Literal["key", "user", "display"]
    directory_id: str | None = None

    def may(self, *roles: Role) -> bool:
        """Whether the caller has one of these roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class User:
    """Somebody who signs in, or a display: a screen on the wall, with the role DISPLAY alone.

    Attributes:
        name: unique by `folded`.
        password: an argon2id hash, or None if it is not set yet or an identity provider holds it.
        subject: the person's id at the identity provider, as "issuer subject".
        language: of the pages, as they chose; None: their browser's.
    """

    id: str
    name: str
    roles: frozenset[Role]
    password: str | None
    created_at: datetime
    enabled: bool = True
    subject: str | None = None
    language: str | None = None

    @property
    def is_display(self) -> bool:
        return Role.DISPLAY in self.roles


@dataclass(frozen=True)
class Session:
    """A signed-in browser. `hash` is the SHA-256 of the cookie, never the cookie; `agent` is the User-Agent header."""

    id: str
    hash: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str


class TicketKind(StrEnum):
    """SETUP creates the first admin. RESET lets one user choose a password. DISPLAY is a code that opens a display."""

    SETUP = "setup"
    RESET = "reset"
    DISPLAY = "display"


@dataclass(frozen=True)
class Ticket:
    """A one-time link or code. `hash` is the SHA-256 of its token; `user_id` is None for SETUP."""

    hash: str
    kind: TicketKind
    user_id: str | None
    ends_at: datetime


class Method(StrEnum):
    """How somebody proved their identity."""

    PASSWORD = "password"  # noqa: S105  a name, not a secret
    LINK = "link"
    CODE = "code"
    PROVIDER = "provider"


class SignInOutcome(StrEnum):
    """The outcome of a sign-in. LOCKED: too many wrong attempts before, so this one was not checked."""

    SIGNED_IN = "signed_in"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  a name, not a secret
    UNKNOWN_NAME = "unknown_name"
    DISABLED = "disabled"
    LOCKED = "locked"
    REFUSED = "refused"


@dataclass(frozen=True)
class SignIn:
    """One attempt to sign in.

    Attributes:
        user_id: None if nobody has the name. Then the typed text is not stored, because people type passwords there.
        detail: why the provider's answer was refused.
    """

    id: str
    at: datetime
    user_id: str | None
    name: str
    address: str
    method: Method
    outcome: SignInOutcome
    detail: str = ""


def user_name(name: str) -> str:
    """Returns the name as it is stored. Raises BadInput if it cannot be one."""
    name = name.strip()
    plain_text("name", name, NAME_CHARS)
    return name


def folded(name: str) -> str:
    """Returns the form by which names are compared: without case and surrounding spaces."""
    return name.strip().casefold()


def person_roles(roles: frozenset[Role]) -> frozenset[Role]:
    """Returns the roles if a person can have them. Raises BadInput for none, or for the roles of devices."""
    if not roles or not roles <= PERSON_ROLES:
        raise BadInput(
            "bad_roles", "A user needs at least one of the roles admin, security and viewer; no other role is allowed."
        )
    return roles
