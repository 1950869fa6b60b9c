"""Faults and refusals that cross a layer. Denial at a gate is a value (`Decision`), never one of these.

FacegateError
├── Refusal            the caller can mend it; carries a stable code
│   ├── BadInput       the thing sent is unreadable or out of bounds
│   ├── TooLarge
│   ├── NotFound
│   ├── Conflict
│   ├── Unauthorised   nobody is authenticated
│   ├── Forbidden      somebody is, and may not
│   └── Busy           try again later: nothing was done
└── Fault              ours to mend; a gate stays shut
    ├── NotRecorded    the event could not be committed in time
    │   ├── Unconfirmed  it may be in the database all the same
    │   └── NotYetRecorded  it is done, and is recorded once the database answers
    ├── WeightsError   a model's bytes are missing or damaged
    ├── PackMismatch   stored templates were made by another model or precision
    ├── SourceFailed   a camera broke off or cannot be reached
    ├── ProviderFailed the provider that people sign in through cannot be reached or does not keep to the rules
    └── CryptoFault    a sealed record does not open
"""

from enum import StrEnum


class FacegateError(Exception):
    """Base of everything Facegate raises on purpose."""


class Refusal(FacegateError):
    """Something the caller can mend: `code` is stable snake_case, `detail` says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class BadInput(Refusal):
    """The value or image sent cannot be used."""


class TooLarge(Refusal):
    """The request is over a bound; smaller would do."""


class NotFound(Refusal):
    """No such thing, or not any more."""


class Conflict(Refusal):
    """It contradicts what is already stored."""


class Unauthorised(Refusal):
    """No valid key or session came with the request."""


class Forbidden(Refusal):
    """The key is valid and its role does not reach this far."""


class Busy(Refusal):
    """Too much is waiting already; nothing was done, try again in `retry_after_s`."""

    def __init__(self, code: str, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


class Fault(FacegateError):
    """Ours to mend. At a gate every fault is a closed gate."""


class Cause(StrEnum):
    """What keeps the database from taking a record, and what to do."""

    DISK_FULL = "the database's disk is full: make room on it"
    DISK_FAILED = "the database's disk takes no more writes: it is full, over its quota or broken"
    READ_ONLY = "the database is read-only: let the service write to its disk, folder or server"
    LOCKED = "another program holds the database: end it, or wait for it"
    GONE = "the database does not answer: start it, or mend the way to it"
    DAMAGED = "the database's file is damaged: restore it from a backup"


class NotRecorded(Fault):
    """The event could not be committed within its deadline, so nothing opens. cause: why, where that is known."""

    def __init__(self, words: str, cause: Cause | None = None) -> None:
        super().__init__(words if cause is None else f"{words}: {cause}")
        self.cause = cause


class Unconfirmed(NotRecorded):
    """The commit ended too late, or its end is not known: the record may be there, and nobody may act on it."""


class NotYetRecorded(NotRecorded):
    """Done all the same, because it may not wait for a database; `detail` says what, and what is still to come."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class WeightsError(Fault):
    """A model's bytes are missing or not those that were pinned."""


class PackMismatch(Fault):
    """Stored templates come from another model pack or precision than the one that is loaded."""


class SourceFailed(Fault):
    """A camera cannot be opened or broke off; opened anew it may work. The words hold no address and no secret."""


class ProviderFailed(Fault):
    """The provider that people sign in through does not answer, or not as OpenID Connect says it must."""


class CryptoFault(Fault):
    """A sealed record does not open: wrong key, altered bytes, or its key was destroyed."""
