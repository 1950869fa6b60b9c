"""People who sign in, what proves that they did, and what is kept of it. Names and passwords are checked here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.core.errors import BadInput
from app.core.text import plain_text
from app.core.types import Role

PERSON_ROLES = frozenset({Role.ADMIN, Role.SECURITY, Role.VIEWER})
NAME_CHARS = 64


@dataclass(frozen=True)
class Principal:
    """Whoever calls: a key, or a person with a session. `id` goes into every record of what they do.

    name: what a log of actions may show. gate_id: of a gate's key only.
    """

    id: str
    name: str
    roles: frozenset[Role]
    gate_id: str | None
    kind: Literal["key", "user"]

    def may(self, *roles: Role) -> bool:
        """Whether one of these roles is carried."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class User:
    """Somebody who signs in. password: an argon2id hash; None where there is none (not set yet, or another provider's).

    subject: who they are to an identity provider ("issuer subject"). Names are unique by `folded`.
    """

    id: str
    name: str
    roles: frozenset[Role]
    password: str | None
    created_at: datetime
    enabled: bool = True
    subject: str | None = None


@dataclass(frozen=True)
class Session:
    """A signed-in browser. hash: SHA-256 of the cookie, never the cookie. agent: what the browser called itself."""

    id: str
    hash: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str


class TicketKind(StrEnum):
    """SETUP makes the first admin; RESET lets one user choose a password."""

    SETUP = "setup"
    RESET = "reset"


@dataclass(frozen=True)
class Ticket:
    """A link that works once. hash: SHA-256 of its token. user_id: whose password it sets; None for SETUP."""

    hash: str
    kind: TicketKind
    user_id: str | None
    ends_at: datetime


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105  a word, no secret
    LINK = "link"
    PROVIDER = "provider"


class SignInOutcome(StrEnum):
    """What became of a sign-in. LOCKED: too many wrong ones before; that one was not looked at."""

    SIGNED_IN = "signed_in"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  a word, no secret
    UNKNOWN_NAME = "unknown_name"
    DISABLED = "disabled"
    LOCKED = "locked"
    REFUSED = "refused"


@dataclass(frozen=True)
class SignIn:
    """One attempt. user_id: None for a name nobody has; what was typed is not kept: people type passwords there.

    detail: why another provider's word opened nothing.
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
    """The name as it is stored. Raises BadInput."""
    name = name.strip()
    plain_text("name", name, NAME_CHARS)
    return name


def folded(name: str) -> str:
    """What makes two names one: case and surrounding space do not tell people apart."""
    return name.strip().casefold()


def person_roles(roles: frozenset[Role]) -> frozenset[Role]:
    """The roles, if a person can have them. Raises BadInput for none, and for a device's."""
    if not roles or not roles <= PERSON_ROLES:
        raise BadInput("bad_roles", "A user has at least one of the roles admin, security and viewer, and no other.")
    return roles
