"""The exceptions that cross a layer. A denial at a gate is a value (`Decision`), never an exception.

FacegateError
├── Refusal            the caller can fix it; carries a stable code
│   ├── BadInput       the input is unreadable or out of bounds
│   │   └── BadField   names the field
│   ├── TooLarge
│   ├── NotFound
│   ├── Conflict
│   │   └── Outdated   it was changed meanwhile; carries what it is now
│   ├── Unauthorised   the caller is not authenticated
│   ├── Forbidden      the caller is authenticated but not allowed
│   └── Busy           nothing was done; try again later
└── Fault              ours to fix; a gate stays shut
    ├── NotRecorded    the event could not be committed in time
    │   ├── Unconfirmed     the event may be in the database anyway
    │   └── NotYetRecorded  the action was taken; it is recorded once the database answers
    ├── WeightsError   a model's bytes are missing or damaged
    ├── PackMismatch   stored templates were made by another model or precision
    ├── SourceFailed   a camera disconnected or cannot be reached
    ├── ProviderFailed the identity provider cannot be reached or breaks the protocol
    └── CryptoFault    a sealed record does not open
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class FacegateError(Exception):
    """Base of everything Facegate raises on purpose."""


class Refusal(FacegateError):
    """An error the caller can fix. `code` is stable snake_case; `detail` says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class BadInput(Refusal):
    """The value or image cannot be used."""


class BadField(BadInput):
    """One field of what was sent cannot be used. field: its name."""

    def __init__(self, code: str, detail: str, field: str) -> None:
        super().__init__(code, detail)
        self.field = field


class TooLarge(Refusal):
    """The request exceeds a size limit."""


class NotFound(Refusal):
    """The thing does not exist, or no longer does."""


class Conflict(Refusal):
    """The request contradicts what is already stored."""


class Outdated(Conflict):
    """It is based on something that was changed meanwhile; `current` is what that is now, as plain values."""

    def __init__(self, code: str, detail: str, current: Mapping[str, Any]) -> None:
        super().__init__(code, detail)
        self.current = current


class Unauthorised(Refusal):
    """The request carries no valid key or session."""


class Forbidden(Refusal):
    """The key is valid, but its role does not allow this."""


class Busy(Refusal):
    """Too many requests are waiting. Nothing was done; try again in `retry_after_s` seconds."""

    def __init__(self, code: str, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


class Fault(FacegateError):
    """An error on our side. At a gate, every fault keeps the gate shut."""


class Cause(StrEnum):
    """Why the database cannot store a record, and what to do about it."""

    DISK_FULL = "the database's disk is full: make room on it"
    DISK_FAILED = "the database's disk takes no more writes: it is full, over its quota or broken"
    READ_ONLY = "the database is read-only: let the service write to its disk, folder or server"
    LOCKED = "another program holds the database: end it, or wait for it"
    GONE = "the database does not answer: start it, or mend the way to it"
    DAMAGED = "the database's file is damaged: restore it from a backup"
    MOVED = "the database's file was moved, deleted or replaced under the service: put it back, or restart the service"


class NotRecorded(Fault):
    """The event could not be committed within its deadline, so nothing opens. `cause` is the reason, if known."""

    def __init__(self, words: str, cause: Cause | None = None) -> None:
        super().__init__(words if cause is None else f"{words}: {cause}")
        self.cause = cause


class Unconfirmed(NotRecorded):
    """The commit finished too late or its result is unknown. The record may exist, but nobody may act on it."""


class NotYetRecorded(NotRecorded):
    """The action could not wait for the database and was taken. `detail` says what was done and what is pending."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class WeightsError(Fault):
    """A model's bytes are missing or do not match the pinned digest."""


class PackMismatch(Fault):
    """The stored templates come from a different model pack or precision than the loaded one."""


class SourceFailed(Fault):
    """A camera cannot be opened or disconnected; reopening may work. The message holds no address and no secret."""


class ProviderFailed(Fault):
    """The identity provider does not answer, or its answer breaks OpenID Connect."""


class CryptoFault(Fault):
    """A sealed record does not open: wrong key, altered bytes or a destroyed key."""
